"""What httptools does not do: keep a response's head, and read the response to HEAD."""

from __future__ import annotations

from typing import Any, Protocol

import httptools

from .probe_header import END_OF_HEAD

MAX_HEAD_BYTES = 65_536  # interim responses included; what servers send is a hundredth of it
FIRST_FINAL_STATUS = 200  # below are interim responses, such as 100 Continue


class HeadBuffer:
    """Collects the head of a response that arrives in several reads."""

    def __init__(self) -> None:
        self.head: bytes | None = None  # up to the end of its last line; None until complete
        self.interim_responses = 0  # heads that come before it
        self._received = b""

    @property
    def too_long(self) -> bool:
        """Whether MAX_HEAD_BYTES have arrived without the end of a head."""
        return self.head is None and len(self._received) > MAX_HEAD_BYTES

    def feed(self, data: bytes) -> None:
        """Add the next read. Nothing is kept after the head."""
        if self.head is None:
            # Empty lines before a response are no part of it (RFC 9112, 2.2).
            self._received = (self._received + data).lstrip(b"\r\n")
            heads = self._received.split(END_OF_HEAD, self.interim_responses + 1)
            if len(heads) == self.interim_responses + 2:
                self.head, self._received = heads[self.interim_responses] + END_OF_HEAD, b""

    def ends_at_close(self) -> bool:
        """Return whether the response ends with its connection (RFC 9112, 6.3)."""
        if self.head is None:
            return False
        fields = self.head.lower().split(b"\r\n")[1:]
        return not any(
            field.startswith(b"content-length:")
            or (field.startswith(b"transfer-encoding:") and field.rstrip().endswith(b"chunked"))
            for field in fields
        )


class ResponseHandler(Protocol):
    """What HeadResponseParser calls while it parses: a connection."""

    def on_message_begin(self) -> None:
        """Handle the first byte of a response, or of what follows a complete one."""

    def skip_interim(self, status: int) -> None:
        """Ignore an interim response; the final one is still to come."""

    def complete(self, status: int, keep_alive: bool) -> None:
        """Accept the response as complete; `keep_alive`: the server leaves it open."""

    def reset_parser(self) -> None:
        """Make a parser for the next response."""


class HeadResponseParser:
    """Parses one response to a HEAD request.

    httptools has no option for a head whose Content-Length is not followed by a body. So the
    response is complete with its head, and the next one needs another parser.
    """

    def __init__(self, handler: ResponseHandler) -> None:
        self.parser: Any = httptools.HttpResponseParser(self)
        self._handler = handler
        self._connection_options: set[bytes] = set()
        self._complete = False

    def on_message_begin(self) -> None:
        """Pass on the first byte of a response, or of what follows a complete one."""
        self._handler.on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect the Connection header: without a length httptools reports no keep-alive."""
        if name.lower() == b"connection":
            self._connection_options |= {option.strip() for option in value.lower().split(b",")}

    def on_headers_complete(self) -> None:
        """Complete a final response; an interim one has an end of its own."""
        status = self.parser.get_status_code()
        if status >= FIRST_FINAL_STATUS:
            self._complete = True
            options = self._connection_options
            keep_alive = self.parser.get_http_version() == "1.1" or b"keep-alive" in options
            self._handler.complete(status, keep_alive and b"close" not in options)
            self._handler.reset_parser()

    def on_body(self, data: bytes) -> None:
        """Pass on a body, which should not be there, as the beginning of something else."""
        self._handler.on_message_begin()

    def on_message_complete(self) -> None:
        """Skip an interim response; the end of a final one is known from its head."""
        if not self._complete:
            self._handler.skip_interim(self.parser.get_status_code())
