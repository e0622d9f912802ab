"""One request as a log or a recording has it, and the file that it was read from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from dashboard.wire.errors import Invalid, Problem

MOST_SHOWN = 60  # characters of a line


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request; `target` is its path and query as sent, empty if it was no HTTP request.

    `at_s` is when it came, in seconds since 1970, None if unknown. `withheld` names what it
    carried that is not here: cookies, authorization, a body.
    """

    method: str
    target: str
    at_s: float | None = None
    status: int | None = None
    host: str = ""
    body: str | None = None
    content_type: str = ""
    withheld: tuple[str, ...] = ()


class RequestSource(Protocol):
    """A file with requests, read as a stream.

    `kind` is what it is, for a sentence. `notes` are complete once it was read to its end.
    """

    kind: str
    notes: list[str]

    def __iter__(self) -> Iterator[LoggedRequest]:
        """Yield the requests in their order; raises InvalidTraffic with a line."""


class InvalidTraffic(Invalid):
    """A file with requests that cannot be read; the problem's field is file and line."""


def refused(name: str, line: int | None, message: str) -> InvalidTraffic:
    """Return the error of a file, at a line if it is known."""
    shown = name if name.isprintable() else ascii(name)
    place = shown if line is None else f"{shown}, line {line:,}"
    return InvalidTraffic(Problem(place, message))
