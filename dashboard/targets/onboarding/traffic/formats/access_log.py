r"""Access logs: nginx's and Apache's combined format, Apache's common one, gunicorn's default.

These formats agree up to the size of the response; what follows is not needed, and may be more
than they have. nginx escapes as `\x22`, Apache and gunicorn as `\"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NoReturn
from urllib.parse import quote, urlsplit

from dashboard.project.secrets.patterns import redacted
from dashboard.wire.plural import counted

from .logged_request import MOST_SHOWN, LoggedRequest, refused

FIRST_LINES = 20  # without an entry among them, the file is no access log
MOST_UNREADABLE = 0.01  # of all lines; a log that is rotated or full of probes has some
FORMATS = "an access log (combined or common format), a HAR file or an OpenAPI description"

_ENTRY = re.compile(
    r"(.*?) \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d(?: [+-]\d{4})?)\]"
    r' "((?:[^"\\]|\\.)*)" (\d{3}|-)(?: |$)'
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|(.))")
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class AccessLog:
    """The requests of an access log, line by line."""

    kind = "access log"

    def __init__(self, name: str, lines: Iterable[str]) -> None:
        self._name, self._lines = name, lines
        self.notes: list[str] = []
        self._read = self._unreadable = 0  # lines that are not empty
        self._first_unreadable = (0, "")

    def __iter__(self) -> Iterator[LoggedRequest]:
        """Yield the requests; raises InvalidTraffic if too many lines are no entries."""
        for number, line in enumerate(self._lines, start=1):
            request = parse_entry(line)
            if request is not None:
                self._read += 1
                yield request
            elif line.strip():
                self._count_unreadable(number, line)
        self._check_end()

    def _count_unreadable(self, number: int, line: str) -> None:
        self._read += 1
        self._unreadable += 1
        if self._unreadable == 1:
            self._first_unreadable = (number, line)
        if self._unreadable == self._read == FIRST_LINES:
            self._refuse()

    def _check_end(self) -> None:
        if not self._read:
            raise refused(self._name, None, f"expected {FORMATS}, found an empty file")
        if self._unreadable == self._read or self._unreadable > max(
            1, self._read * MOST_UNREADABLE
        ):
            self._refuse()
        if self._unreadable:
            lines = counted(self._unreadable, "line")
            first = self._first_unreadable[0]
            self.notes.append(f"Left out: {lines} without an entry, the first is line {first:,}.")

    def _refuse(self) -> NoReturn:
        number, line = self._first_unreadable
        raise refused(self._name, number, f"expected {FORMATS}, found {_shown(line)}")


def parse_entry(line: str) -> LoggedRequest | None:
    """Return the request of a line; None if it is no entry of an access log."""
    entry = _ENTRY.match(line)
    if entry is None:
        return None
    before, at, request, status = entry.groups()
    try:
        at_s = epoch_s(at)
    except (ValueError, OverflowError):  # the offset may lead out of the years that there are
        return None
    method, target, host = _request_line(request)
    return LoggedRequest(
        method,
        target,
        at_s,
        None if status == "-" else int(status),
        host,
        withheld=() if before.endswith(" -") else ("authorization",),
    )


@lru_cache(maxsize=4096)
def epoch_s(text: str) -> float:
    """Return `30/Nov/2026:22:21:25 +0100` in seconds since 1970; without a zone it is UTC.

    Raises ValueError if there is no such instant.
    """
    month = _MONTHS.index(text[3:6]) + 1
    clock = (int(text[12:14]), int(text[15:17]), int(text[18:20]))
    moment = datetime(int(text[7:11]), month, int(text[:2]), *clock, tzinfo=UTC)
    if len(text) > 20:
        offset = timedelta(hours=int(text[22:24]), minutes=int(text[24:26]))
        moment += offset if text[21] == "-" else -offset
    return moment.timestamp()


def _request_line(text: str) -> tuple[str, str, str]:
    """Return method, target and host; the target is empty if it is no request of a path."""
    if "\\" in text:
        text = _ESCAPE.sub(_percent_encoded, text)
    method, _, rest = text.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if not (protocol.startswith("HTTP/") and method.isalpha() and method.isupper()):
        return "", "", ""
    if target.startswith("/"):
        return method, target.replace(" ", "%20"), ""
    try:
        url = urlsplit(target)
    except ValueError:
        return "", "", ""
    if url.scheme not in ("http", "https") or not url.hostname:
        return "", "", ""
    path = (url.path or "/").replace(" ", "%20")
    return method, f"{path}?{url.query}" if url.query else path, ""


def _percent_encoded(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    return f"%{code}" if code else quote(_CONTROL.get(letter, letter), safe="")


def _shown(line: str) -> str:
    """Return the beginning of a line, without what may be a secret."""
    text = redacted(line.strip())
    return repr(text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…")
