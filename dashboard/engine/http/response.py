"""Where an answer ends that httptools cannot see the end of, and what its head was."""

from __future__ import annotations

from typing import Any, Protocol

import httptools

from .probe_header import END_OF_HEAD

LONGEST_HEAD = 65_536  # bytes, interim answers included; what servers send is a hundredth of it
FIRST_FINAL_STATUS = 200  # below are interim answers, such as 100 Continue


class Parts:
    """An answer that does not come all at once: its bytes until its head is whole."""

    def __init__(self) -> None:
        self.head: bytes | None = None  # with its last line's end; None until it is whole
        self.interim = 0  # answers before it that do not count: heads and nothing else
        self._came = b""

    @property
    def endless(self) -> bool:
        """Whether no head may be this long."""
        return self.head is None and len(self._came) > LONGEST_HEAD

    def add(self, data: bytes) -> None:
        """The next part. After the head nothing is kept."""
        if self.head is None:
            # Empty lines before an answer are no part of it (RFC 9112, 2.2).
            self._came = (self._came + data).lstrip(b"\r\n")
            heads = self._came.split(END_OF_HEAD, self.interim + 1)
            if len(heads) == self.interim + 2:
                self.head, self._came = heads[self.interim] + END_OF_HEAD, b""

    def last_until_close(self) -> bool:
        """Whether this answer ends when its connection does (RFC 9112, 6.3)."""
        if self.head is None:
            return False
        fields = self.head.lower().split(b"\r\n")[1:]
        return not any(
            field.startswith(b"content-length:")
            or (field.startswith(b"transfer-encoding:") and field.rstrip().endswith(b"chunked"))
            for field in fields
        )


class ResponseHandler(Protocol):
    """What is told of a response while it is parsed: a connection."""

    def on_message_begin(self) -> None:
        """Handle the first byte of a response, or of what follows a complete one."""

    def skip_interim(self, status: int) -> None:
        """Ignore an interim response; the final one is still to come."""

    def complete(self, status: int, lasting: bool) -> None:
        """Accept the response as complete; `lasting`: the server keeps the connection open."""

    def expect_answer(self) -> None:
        """Prepare a parser for the next response."""


class AnswerToHead:
    """Reads for a connection the answer to a HEAD request.

    httptools cannot be told that the length in such a head is that of a body which does not
    come. So the answer is whole with its head, and the next one has a parser of its own.
    """

    def __init__(self, connection: ResponseHandler) -> None:
        self.parser: Any = httptools.HttpResponseParser(self)
        self._connection = connection
        self._options: set[bytes] = set()
        self._whole = False

    def on_message_begin(self) -> None:
        """The first byte of an answer, or of what stands behind it."""
        self._connection.on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Whether it stays open: httptools says no where the head told no length."""
        if name.lower() == b"connection":
            self._options |= {option.strip() for option in value.lower().split(b",")}

    def on_headers_complete(self) -> None:
        """A final answer ends here; an interim one has an end of its own."""
        status = self.parser.get_status_code()
        if status >= FIRST_FINAL_STATUS:
            self._whole = True
            lasting = self.parser.get_http_version() == "1.1" or b"keep-alive" in self._options
            self._connection.complete(status, lasting and b"close" not in self._options)
            self._connection.expect_answer()

    def on_body(self, data: bytes) -> None:
        """A body that should not be there is the beginning of something else."""
        self._connection.on_message_begin()

    def on_message_complete(self) -> None:
        """Only that of an interim answer is news."""
        if not self._whole:
            self._connection.skip_interim(self.parser.get_status_code())
