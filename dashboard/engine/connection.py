"""One connection: sends a request, stamps what comes back, and says when it is over.

An asyncio.Protocol on uvloop; httptools parses every answer. A request that was written to
a connection which the server closed before answering is a failure like any other: retrying
it would hide what happened.

Instants are nanoseconds of the monotonic clock since the burst's origin.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

import httptools

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN

from .stamps import NO_STAMPS, PROBE_HEADER, Stamps, read_stamps

if TYPE_CHECKING:
    from .burst import Burst

FIRST_FINAL_STATUS = 200  # below are interim answers, such as 100 Continue

# The headers that matter, in lower case and by their length: nearly all others have another.
PROBE_LENGTH = len(PROBE_HEADER)
CONTENT_LENGTH, CONTENT_LENGTH_LENGTH = b"content-length", len(b"content-length")
TRANSFER_ENCODING, TRANSFER_ENCODING_LENGTH = b"transfer-encoding", len(b"transfer-encoding")


class Connection(asyncio.Protocol):
    """Carries one request at a time; the instants are of the request that it carries now."""

    __slots__ = (
        "_answered",
        "_begun",
        "_burst",
        "_framed",
        "_keep_alive",
        "_origin",
        "_parser",
        "_transport",
        "_until_close",
        "busy",
        "connecting",
        "due",
        "first_byte",
        "request",
        "sent",
        "stamps",
        "status",
        "told",
    )

    def __init__(self, burst: Burst, request: int, due: int) -> None:
        self._burst = burst
        self._origin = burst.origin_ns
        # Made with the connection: a parser and its protocol are a cycle, which only
        # connection_lost breaks, and the collector is off while we fire.
        self._parser: Any = None
        self._transport: asyncio.Transport | None = None
        self._framed = self._keep_alive = False
        self.told = (UNKNOWN, UNKNOWN)  # what the last `begun` frame said of it
        self._carry(request, due)

    def _carry(self, request: int, due: int) -> None:
        """Take a request on; nothing is known of it yet."""
        self.request = request
        self.due = due
        self.busy = True
        self.connecting = self.sent = self.first_byte = UNKNOWN
        self.stamps = NO_STAMPS
        self.status = 0
        self._begun = 0  # answers whose first line came
        self._answered = False
        self._until_close = False  # the end of the connection is the end of the answer

    def send_next(self, request: int, due: int) -> None:
        """Use the open connection once more."""
        self._carry(request, due)
        self._send()

    def drop(self) -> None:
        """Close at once; what was in flight has been recorded by whoever drops it."""
        self.busy = False
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        """One write, so that the first and the last byte leave together, and at once."""
        self.sent = monotonic_ns() - self._origin
        self._transport.write(self._burst.request_bytes)  # type: ignore[union-attr]

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once: an idle connection would block a worker of some servers."""
        self._transport = transport  # type: ignore[assignment]
        if self.busy:
            self._parser = httptools.HttpResponseParser(self)
            self._send()
        else:  # it took so long that the request was given up
            self.drop()

    def data_received(self, data: bytes) -> None:
        """Parse, and when an answer is whole, let the burst go on."""
        if not self.busy:
            return
        arrived = monotonic_ns() - self._origin
        if self.first_byte == UNKNOWN:
            self.first_byte = arrived
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if not self._answered:
                self._burst.failed(self, Failure.MALFORMED)
                return
            self._keep_alive = False  # nonsense behind an answer that was whole
        if self._answered:
            # More than was asked for: whose answer would come next is uncertain.
            self._burst.answered(self, arrived, self._keep_alive and self._begun == 1)

    def eof_received(self) -> None:
        """The peer will say no more; an answer that has no length of its own is whole now."""
        if self.busy and self._until_close:
            self.status = self._parser.get_status_code()
            self._burst.answered(self, monotonic_ns() - self._origin, False)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone, or we have closed."""
        if self.busy:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._burst.failed(self, Failure.RESET if reset else Failure.CLOSED)
        self._parser = None

    # httptools' protocol

    def on_message_begin(self) -> None:
        """The first byte of an answer."""
        self._begun += 1
        self._framed = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Look for the probe's stamps, and for what says where the answer ends."""
        length = len(name)
        if length == CONTENT_LENGTH_LENGTH:
            self._framed |= name.lower() == CONTENT_LENGTH
        elif length == PROBE_LENGTH:
            if name.lower() == PROBE_HEADER and not self._answered:
                self.stamps = _since(read_stamps(value), self._origin, self.sent)
        elif length == TRANSFER_ENCODING_LENGTH:
            self._framed |= name.lower() == TRANSFER_ENCODING and b"chunked" in value.lower()

    def on_headers_complete(self) -> None:
        """The body follows, if there is one."""
        self._until_close = not self._framed

    def on_message_complete(self) -> None:
        """The last byte of an answer; the parser forgets all about it afterwards."""
        self._until_close = False
        status = self._parser.get_status_code()
        if status < FIRST_FINAL_STATUS:
            self._begun -= 1
        elif not self._answered:
            self._answered = True
            self.status = status
            self._keep_alive = self._parser.should_keep_alive()


def _since(stamps: Stamps, origin_ns: int, sent: int) -> Stamps:
    """Stamps as instants since the origin.

    Those that lie before we sent or after now, or are out of order, belong to another request
    or to another clock: they say nothing of this one.
    """
    *instants, process = stamps
    entered, view_entered, view_left = (
        UNKNOWN if instant == UNKNOWN else instant - origin_ns for instant in instants
    )
    known = [since for since in (entered, view_entered, view_left) if since != UNKNOWN]
    in_order = [sent, *known, monotonic_ns() - origin_ns]
    if in_order != sorted(in_order):
        return NO_STAMPS
    return entered, view_entered, view_left, process
