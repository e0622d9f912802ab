"""The gate of a dashboard that is exposed on purpose: who logs in, and what each role may do.

Admitted are, in this order, the dashboard's own user where the kernel knows the connection's other
end, and the sessions of users and of the start token. Everyone else sees the login page alone.
"""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import quote, urlencode, urlsplit

from asgiref.sync import sync_to_async

from dashboard.accounts import Role
from dashboard.web.asgi_types import Application, Receive, Scope, Send

from .audit import Audit
from .exposure import Exposure
from .forwarded import FORWARDED, Obstacle, inner_path, straighten
from .gate import Visitor
from .peer import peer_of
from .refusal import refuse_obstacle, refuse_role, send_response
from .roles import LOGIN, NEXT, OWN_USER, SAFE_METHODS, Access, may, set_access
from .sessions import StartToken, session_access, session_cookie, session_key
from .watched_socket import SESSION_ENDED, WatchedSocket

logger = logging.getLogger(__name__)

_LOGGED_ONCE: Final = 1000  # obstacles; more would push the rest out of the log


class ExposedGate:
    """Passes on what an admitted sender may do, as the proxy received it."""

    def __init__(
        self, application: Application, exposure: Exposure, start: StartToken, own_uid: int | None
    ) -> None:
        self._application = application
        self._exposure = exposure
        self._start = start
        self._own_uid = own_uid
        self._obstacles: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket."""
        own = self._is_own(scope)
        try:
            straighten(scope, self._exposure)
        except Obstacle as obstacle:
            self._note(obstacle)
            await refuse_obstacle(scope, receive, send, obstacle)
            return
        visitor = Visitor.of(scope)
        scope["query_string"] = visitor.query
        if scope["type"] == "http" and scope["scheme"] == "http":
            await _redirect(send, _secure_address(scope), visitor)
            return
        key = session_key(visitor.cookies)
        access = await self._access(scope, key, own=own)
        if self._is_exchange(scope, visitor, access):
            await self._exchange(scope, visitor, send, access)
        elif access is not None:
            await self._admit(scope, receive, send, access, key)
        elif inner_path(scope) == LOGIN and scope["type"] == "http":
            set_access(scope, Access("", Role.VIEWER, _client(scope)))
            await self._application(scope, receive, send)
        else:
            await _ask_to_log_in(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        """Return True for the dashboard's own user; a proxy's connection is never that."""
        client = scope["client"][0] if scope.get("client") else ""
        forwarded = any(name in FORWARDED for name, _ in scope["headers"])
        uid = None if forwarded or self._exposure.trusts(client) else peer_of(scope)
        return uid is not None and uid == self._own_uid

    async def _access(self, scope: Scope, key: str, *, own: bool) -> Access | None:
        if own:
            return Access(OWN_USER, Role.OPERATOR, _client(scope))
        access = await sync_to_async(session_access)(key, self._start)
        if access is None:
            return None
        return Access(access.name, access.role, _client(scope), access.can_log_out)

    def _is_exchange(self, scope: Scope, visitor: Visitor, access: Access | None) -> bool:
        """Return True for an address with a token, which is replaced by a session.

        Whatever token it has, it is removed if the sender is admitted without one.
        """
        if scope["type"] != "http" or scope["method"] not in SAFE_METHODS or not visitor.token:
            return False
        return access is not None or self._start.is_token(visitor.token)

    async def _exchange(
        self, scope: Scope, visitor: Visitor, send: Send, access: Access | None
    ) -> None:
        cookies = []
        if access is None:
            key = await sync_to_async(self._start.new_session)()
            cookies = [(b"set-cookie", session_cookie(key))]
        await _redirect(send, quote(scope["path"]), visitor, *cookies)

    async def _admit(
        self, scope: Scope, receive: Receive, send: Send, access: Access, key: str
    ) -> None:
        set_access(scope, access)
        if scope["type"] == "websocket":
            watched = WatchedSocket(self._application, lambda: self._access(scope, key, own=False))
            application = watched if access.can_log_out else self._application
            await application(scope, receive, send)
        elif not may(access, scope["method"], inner_path(scope)):
            await refuse_role(scope, send, access)
        elif scope["method"] in SAFE_METHODS:
            await self._application(scope, receive, send)
        else:
            await Audit(self._application, access)(scope, receive, send)

    def _note(self, obstacle: Obstacle) -> None:
        """Log each obstacle once."""
        if obstacle.sentence not in self._obstacles and len(self._obstacles) < _LOGGED_ONCE:
            self._obstacles.add(obstacle.sentence)
            logger.warning("Refused: %s Missing: %s", obstacle.sentence, obstacle.lines)


def _client(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


def _secure_address(scope: Scope) -> str:
    host = dict(scope["headers"])[b"host"].decode("latin-1")
    return f"https://{host}{quote(scope['path'])}"


async def _redirect(
    send: Send, address: str, visitor: Visitor, *headers: tuple[bytes, bytes]
) -> None:
    if visitor.query:
        address += f"?{visitor.query.decode('ascii')}"
    await send_response(send, 303, b"", (b"location", address.encode("ascii")), *headers)


async def _ask_to_log_in(scope: Scope, receive: Receive, send: Send) -> None:
    """Show the login page, make HTMX open it, or close the websocket.

    The websocket is accepted first. A page whose session has ended then fetches its queue, as after
    every reconnection, which opens the login page; refused, it would try again forever.
    """
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close", "code": SESSION_ENDED})
        return
    headers = dict(scope["headers"])
    if b"hx-request" in headers:
        page = urlsplit(headers.get(b"hx-current-url", b"").decode("latin-1"))
        address = _login_address(scope, page.path, page.query)
        await send_response(send, 403, b"Log in.\n", (b"hx-redirect", address))
    elif scope["method"] in SAFE_METHODS and b"text/html" in headers.get(b"accept", b""):
        query = scope["query_string"].decode("ascii")
        address = _login_address(scope, quote(scope["path"]), query)
        await send_response(send, 303, b"", (b"location", address))
    else:
        await send_response(send, 403, b"Log in first; the session has ended or there is none.\n")


def _login_address(scope: Scope, path: str, query: str) -> bytes:
    then = f"{path}?{query}" if query else path
    address = scope["root_path"] + LOGIN
    return f"{address}?{urlencode({NEXT: then})}".encode("ascii")
