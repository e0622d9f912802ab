"""The page for a client that is not admitted. It needs no other file, since all are refused."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, MutableMapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from django.template.loader import render_to_string

Message: TypeAlias = MutableMapping[str, Any]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_STYLE: Final = (
    "body{max-width:34rem;margin:4rem auto;padding:0 1rem;font:1rem/1.5 system-ui,sans-serif}"
)
_STYLE_HASH: Final = b64encode(sha256(_STYLE.encode()).digest())
_HEADERS: Final = [
    (b"content-type", b"text/html; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        b" style-src 'sha256-%s'" % _STYLE_HASH,
    ),
]


async def refuse(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Send, *, wrong_token: bool
) -> None:
    """Answer 403, with a page that explains where the token is."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})
        return
    page = render_to_string(
        "access/refused.html",
        {
            "style": _STYLE,
            "wrong_token": wrong_token,
            "from_another_site": _is_link_on_another_site(scope),
            "address": address_of(scope["path"]),
        },
    ).encode()
    headers = [*_HEADERS, (b"content-length", str(len(page)).encode())]
    await send({"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else page
    await send({"type": "http.response.body", "body": body})


def address_of(path: str) -> str:
    """Return the address of a path on this host: two slashes would begin another host's name."""
    return "/" + quote(path.lstrip("/"))


def _is_link_on_another_site(scope: Message) -> bool:
    """Return True if a link was followed with which browsers do not send a strict cookie."""
    headers = dict(scope["headers"])
    return (
        headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-site") == b"cross-site"
    )
