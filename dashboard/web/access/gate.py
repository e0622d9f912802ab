"""The gate before the application: pages, fragments, frames, exports, static files, websocket.

Loopback is not a login: every user of the machine can connect to it, and so can whatever a port
is forwarded to. Admitted are the dashboard's own user, as the kernel knows the connection's other
end, and clients with the start token or the cookie that was given for it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from dashboard.web.asgi_types import Application, Message, Receive, Scope, Send

from .credentials import Credentials
from .forwarded import FORWARDED
from .peer import peer_of
from .refusal import address_of, refuse

logger = logging.getLogger(__name__)


TOKEN = "token"  # nosec B105 # noqa: S105 - the parameter's name
_SAFE_METHODS = ("GET", "HEAD")


@dataclass(frozen=True)
class Visitor:
    """What a request shows of its sender; `uid` is None if the kernel cannot tell."""

    uid: int | None
    host: bytes
    cookies: bytes
    token: str | None
    query: bytes  # without the token

    @classmethod
    def of(cls, scope: Scope) -> Visitor:
        """Read the scope of an HTTP request or websocket."""
        headers: dict[bytes, bytes] = {}
        for name, value in scope["headers"]:
            headers[name] = headers[name] + b"; " + value if name in headers else value
        forwarded = not FORWARDED.isdisjoint(headers)
        token, query = _split_token(scope["query_string"])
        return cls(
            None if forwarded else peer_of(scope),
            headers.get(b"host", b""),
            headers.get(b"cookie", b""),
            token,
            query,
        )


class AccessGate:
    """Passes on the requests of the own user and of clients with a credential."""

    def __init__(
        self, application: Application, credentials: Credentials, own_uid: int | None
    ) -> None:
        self._application = application
        self._credentials = credentials
        self._own_uid = own_uid
        self._refused: set[int | None] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket."""
        scope["root_path"] = ""  # Daphne takes it from a header that any client can send
        visitor = Visitor.of(scope)
        has_cookie = self._credentials.has_cookie(visitor.cookies, visitor.host, visitor.uid)
        admitted = has_cookie or (visitor.uid is not None and visitor.uid == self._own_uid)
        if self._is_exchange(scope, visitor, admitted=admitted):
            await self._exchange(scope, visitor, send)
        elif admitted:
            scope["query_string"] = visitor.query
            if not has_cookie:
                send = self._with_cookie(visitor, send)
            await self._application(scope, receive, send)
        else:
            self._note(scope, visitor)
            await refuse(scope, receive, send, wrong_token=visitor.token is not None)

    def _is_exchange(self, scope: Scope, visitor: Visitor, *, admitted: bool) -> bool:
        """Return True for an address with a token that is to be replaced by a cookie.

        Whatever token the address has, it is removed if the client is admitted without one.
        """
        if scope["type"] != "http" or scope["method"] not in _SAFE_METHODS:
            return False
        return visitor.token is not None and (admitted or self._credentials.is_token(visitor.token))

    async def _exchange(self, scope: Scope, visitor: Visitor, send: Send) -> None:
        address = address_of(scope["path"])
        if visitor.query:
            address += f"?{visitor.query.decode('ascii')}"
        headers = [
            (b"location", address.encode("ascii")),
            (b"cache-control", b"no-store"),
            (b"referrer-policy", b"no-referrer"),
            (b"content-length", b"0"),
        ]
        send = self._with_cookie(visitor, send)
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _with_cookie(self, visitor: Visitor, send: Send) -> Send:
        """Return a `send` that adds the cookie to a response of HTTP."""
        name, value = self._credentials.cookie(visitor.host, visitor.uid)
        cookie = f"{name}={value}; HttpOnly; Path=/; SameSite=Strict".encode("ascii")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"set-cookie", cookie)]
                message = {**message, "headers": headers}
            await send(message)

        return send_with_cookie

    def _note(self, scope: Scope, visitor: Visitor) -> None:
        """Log the first refusal of each user; more would push the rest out of the log."""
        if visitor.uid not in self._refused:
            self._refused.add(visitor.uid)
            user = "an unknown user" if visitor.uid is None else f"user {visitor.uid}"
            logger.warning("Refused a client of %s: %s", user, scope["path"])


def _split_token(query: bytes) -> tuple[str | None, bytes]:
    """Return the token of a query string, if it has one, and the query string without it."""
    if TOKEN.encode() not in query and b"%" not in query:
        return None, query
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    tokens = [value for name, value in pairs if name == TOKEN]
    if not tokens:
        return None, query
    return tokens[0], urlencode([pair for pair in pairs if pair[0] != TOKEN]).encode("ascii")
