"""What our Daphne adds to an ASGI scope of HTTP; absent under other servers and in tests."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import IO, Final

from dashboard.web.asgi_types import Scope

_ABORT: Final = "liveburst.abort"
_BODY: Final = "liveburst.body"
_WRITABLE: Final = "liveburst.writable"


def add_extensions(
    scope: Scope,
    abort: Callable[[], None],
    writable: Callable[[], Awaitable[None]],
    body: IO[bytes] | None,
) -> None:
    """Add what aborts the response, what waits for its client, and the file of a large body."""
    own = {_ABORT: abort, _WRITABLE: writable, _BODY: body}
    scope["extensions"] = {**scope.get("extensions", {}), **own}


def abort_response(scope: Scope) -> None:
    """Close the connection, so that the client notices that the response is incomplete."""
    if abort := scope.get("extensions", {}).get(_ABORT):
        abort()


async def until_writable(scope: Scope) -> None:
    """Wait until the client has read most of what was sent; raises TimeoutError if it does not."""
    if writable := scope.get("extensions", {}).get(_WRITABLE):
        await writable()


def body_file(scope: Scope) -> IO[bytes] | None:
    """Return the file that has the request's body; None if it comes as messages."""
    file: IO[bytes] | None = scope.get("extensions", {}).get(_BODY)
    return file
