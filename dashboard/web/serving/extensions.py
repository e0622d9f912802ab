"""What our Daphne adds to an ASGI scope of HTTP; absent under other servers and in tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from typing import IO, Any, Final

_ABORT: Final = "liveburst.abort"
_BODY: Final = "liveburst.body"


def add_extensions(
    scope: MutableMapping[str, Any], abort: Callable[[], None], body: IO[bytes] | None
) -> None:
    """Add the function that aborts the response, and the file of a large body."""
    scope["extensions"] = {**scope.get("extensions", {}), _ABORT: abort, _BODY: body}


def abort_response(scope: Mapping[str, Any]) -> None:
    """Close the connection, so that the client notices that the response is incomplete."""
    if abort := scope.get("extensions", {}).get(_ABORT):
        abort()


def body_file(scope: Mapping[str, Any]) -> IO[bytes] | None:
    """Return the file that has the request's body; None if it comes as messages."""
    file: IO[bytes] | None = scope.get("extensions", {}).get(_BODY)
    return file
