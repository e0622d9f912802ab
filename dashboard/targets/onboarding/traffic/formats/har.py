"""HAR files, version 1.2: what a browser or a proxy recorded. Read entry by entry.

Such a file may be larger than memory, since it holds the responses too. pydantic checks each entry.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TextIO
from urllib.parse import urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from .logged_request import LoggedRequest, refused

CHUNK = 1_000_000  # characters read at a time
MOST_CHARACTERS = 64_000_000  # of one entry
_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")
_OVERLAP = 200  # characters, in which a beginning of _ENTRIES may be


class _Part(BaseModel):
    """Part of a HAR; of its many keys, those that are used."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class _Pair(_Part):
    name: str
    value: str = ""


class _PostData(_Part):
    mimeType: str = ""  # noqa: N815 - as in the file
    text: str | None = None


class _Request(_Part):
    method: str
    url: str
    headers: tuple[_Pair, ...] = ()
    cookies: tuple[Any, ...] = ()
    postData: _PostData | None = None  # noqa: N815 - as in the file


class _Response(_Part):
    status: int = 0


class _Entry(_Part):
    startedDateTime: AwareDatetime  # noqa: N815 - as in the file
    request: _Request
    response: _Response = Field(default_factory=_Response)


class Har:
    """The requests of a HAR file."""

    kind = "HAR file"

    def __init__(self, name: str, file: TextIO) -> None:
        self._name, self._file = name, file
        self.notes: list[str] = []

    def __iter__(self) -> Iterator[LoggedRequest]:
        """Yield the requests; raises InvalidTraffic with the line of what is no entry."""
        text = _Text(self._name, self._file)
        text.skip_past_entries()
        while text.skip_to_entry():
            line = text.line
            yield _request_of(self._name, line, text.value())


class _Text:
    """A text that is read as needed; `line` is the one that is next."""

    def __init__(self, name: str, file: TextIO) -> None:
        self._name, self._file = name, file
        self._text, self._at = "", 0
        self.line = 1

    def skip_past_entries(self) -> None:
        """Go to the first entry."""
        while (match := _ENTRIES.search(self._text)) is None:
            self._go_to(max(0, len(self._text) - _OVERLAP))
            if not self._read():
                raise refused(self._name, None, "expected the entries of a HAR file, found none")
        self._go_to(match.end())

    def skip_to_entry(self) -> bool:
        """Go to the next entry; return False at the end of the list."""
        while True:
            match = _BETWEEN.match(self._text, self._at)
            self._go_to(match.end() if match else self._at)
            if self._at < len(self._text):
                return self._text[self._at] != "]"
            if not self._read():
                raise refused(self._name, self.line, "expected the next entry, found the end")

    def value(self) -> Any:
        """Return the JSON value that is next, and go past it."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                length = error.pos - self._at  # of what is JSON
                if len(self._text) - self._at < MOST_CHARACTERS and self._read():
                    continue
                line = self.line + self._text.count("\n", self._at, self._at + length)
                raise refused(self._name, line, f"expected JSON, found: {error.msg}") from None
            except RecursionError:
                raise refused(self._name, self.line, "expected fewer nested values") from None
            self._go_to(end)
            return value

    def _go_to(self, position: int) -> None:
        self.line += self._text.count("\n", self._at, position)
        self._at = position

    def _read(self) -> bool:
        """Read as much again as is not used up; return False at the end of the file."""
        rest = self._text[self._at :]
        more = self._file.read(max(CHUNK, len(rest)))
        self._text, self._at = rest + more, 0
        return bool(more)


_DECODER = json.JSONDecoder()


def _request_of(name: str, line: int, value: Any) -> LoggedRequest:
    try:
        entry = _Entry.model_validate(value)
        url = urlsplit(entry.request.url)
        host = url.netloc.rpartition("@")[2].lower()
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, details["loc"])) or "entry"
        raise refused(
            name, line, f"expected an entry of a HAR file, found: {place}: {details['msg']}"
        ) from None
    except ValueError:
        raise refused(name, line, "expected request.url to be a URL") from None
    request = entry.request
    is_http = url.scheme in ("http", "https")
    target = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    return LoggedRequest(
        request.method.upper(),
        target if is_http else "",
        entry.startedDateTime.timestamp(),
        entry.response.status or None,
        host,
        body=request.postData.text if request.postData else None,
        content_type=request.postData.mimeType if request.postData else "",
        withheld=tuple(_withheld(request)),
    )


def _withheld(request: _Request) -> Iterator[str]:
    """Yield what a request carried that no draft has."""
    names = {pair.name.lower() for pair in request.headers}
    if request.cookies or "cookie" in names:
        yield "cookies"
    if names & {"authorization", "proxy-authorization"}:
        yield "authorization"
    if any(_names_token(name) for name in names):
        yield "tokens in headers"


def _names_token(name: str) -> bool:
    return "token" in name or "api-key" in name or "csrf" in name
