"""The pages for a client that is not admitted. They need no other file, since all are refused."""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from django.template.loader import render_to_string

from dashboard.web.asgi_types import Receive, Scope, Send

from .forwarded import Obstacle
from .roles import Access

_TEXT = (b"content-type", b"text/plain; charset=utf-8")


@cache
def page_headers() -> dict[str, str]:
    """Return the headers of a page that contains its own style and nothing else."""
    style = render_to_string("access/style.css")
    style_hash = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none';"
        f" img-src data:; style-src 'sha256-{style_hash}'"
    )
    return {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "content-security-policy": policy,
    }


async def refuse(scope: Scope, receive: Receive, send: Send, *, wrong_token: bool) -> None:
    """Answer 403, with a page that explains where the token is."""
    context = {
        "wrong_token": wrong_token,
        "from_another_site": _is_link_on_another_site(scope),
        "address": address_of(scope["path"]),
    }
    await _refuse(scope, receive, send, "access/refused.html", context)


async def refuse_obstacle(scope: Scope, receive: Receive, send: Send, obstacle: Obstacle) -> None:
    """Answer 403, with a page that names what is missing in which configuration."""
    await _refuse(scope, receive, send, "access/obstacle.html", {"obstacle": obstacle})


async def refuse_role(scope: Scope, send: Send, access: Access) -> None:
    """Answer 403 to a viewer who may not do this."""
    message = f"{access.name} is a viewer: only operators may do this.\n"
    headers = [(b"hx-reswap", b"none")]
    await send_response(send, HTTPStatus.FORBIDDEN, message.encode(), *headers)


async def send_response(
    send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]
) -> None:
    """Send a short text, which no cache keeps."""
    length = (b"content-length", str(len(body)).encode())
    kept_nowhere = (b"cache-control", b"no-store")
    no_address = (b"referrer-policy", b"no-referrer")
    every = [_TEXT, length, kept_nowhere, no_address, *headers]
    await send({"type": "http.response.start", "status": int(status), "headers": every})
    await send({"type": "http.response.body", "body": body})


async def _refuse(
    scope: Scope, receive: Receive, send: Send, template: str, context: dict[str, Any]
) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})
        return
    page = render_to_string(template, context).encode()
    headers = [(name.encode(), value.encode()) for name, value in page_headers().items()]
    headers.append((b"content-length", str(len(page)).encode()))
    await send({"type": "http.response.start", "status": HTTPStatus.FORBIDDEN, "headers": headers})
    body = b"" if scope["method"] == "HEAD" else page
    await send({"type": "http.response.body", "body": body})


def address_of(path: str) -> str:
    """Return the address of a path on this host: two slashes would begin another host's name."""
    return "/" + quote(path.lstrip("/"))


def _is_link_on_another_site(scope: Scope) -> bool:
    """Return True if a link was followed with which browsers do not send a strict cookie."""
    headers = dict(scope["headers"])
    return (
        headers.get(b"sec-fetch-mode") == b"navigate"
        and headers.get(b"sec-fetch-site") == b"cross-site"
    )
