"""One connection: sends a request, stamps what comes back, and says when it is over.

An asyncio.Protocol on uvloop; httptools parses every response. Instants are those of
time.monotonic_ns. A request that was written to a connection which the server closed
before answering is a failure like any other: retrying it would hide what happened.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import TYPE_CHECKING, Any

import httptools

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN

if TYPE_CHECKING:
    from .burst import Burst

PROBE_HEADER = b"liveburst"
NO_STAMPS = (UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN)
FIRST_FINAL_STATUS = 200  # below are interim answers, such as 100 Continue
FIRST_ERROR_STATUS = 400


class Connection(asyncio.Protocol):
    """Carries one request at a time; the instants are of the request that it carries now."""

    __slots__ = (
        "_answers",
        "_burst",
        "_done",
        "_keep_alive",
        "_parser",
        "_stamps",
        "_status",
        "_transport",
        "busy",
        "connecting",
        "due",
        "first_byte",
        "request",
        "sent",
    )

    def __init__(self, burst: Burst, request: int, due: int) -> None:
        self._burst = burst
        self._parser: Any = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self.begin(request, due)
        self.connecting = monotonic_ns()

    def begin(self, request: int, due: int) -> None:
        """Take a request on; it is sent by `send`, or as soon as the connection is made."""
        self.request = request
        self.due = due
        self.busy = True
        self.connecting = self.sent = self.first_byte = UNKNOWN
        self._stamps = NO_STAMPS
        self._answers = 0
        self._done = UNKNOWN
        self._status = 0
        self._keep_alive = False

    def send(self) -> None:
        """Write the whole request: one write, so its first and last byte leave together."""
        transport = self._transport
        assert transport is not None, "send() is for a connection that is made"  # noqa: S101
        self.sent = monotonic_ns()
        transport.write(self._burst.request_bytes)

    def drop(self) -> None:
        """Close at once; what was in flight has been recorded by whoever drops it."""
        self.busy = False
        if self._transport is not None:
            self._transport.abort()

    def row(self) -> tuple[int, int, int, int, tuple[int, int, int, int], int]:
        """What the recorder wants to know of the request, up to the first byte."""
        return self.request, self.due, self.connecting, self.sent, self._stamps, self.first_byte

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once: an idle connection would block a worker of some servers."""
        self._transport = transport  # type: ignore[assignment]
        if self.busy:
            self.send()
            self._burst.sent(self)
        else:  # it took so long that the request was given up
            self.drop()

    def data_received(self, data: bytes) -> None:
        """Parse, and when an answer is whole, let the burst go on."""
        if not self.busy:
            return
        if self.first_byte == UNKNOWN:
            self.first_byte = monotonic_ns()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._burst.failed(self, Failure.MALFORMED)
            return
        if self._answers:
            # More than was asked for: whose answer would come next is uncertain.
            reusable = self._answers == 1 and self._keep_alive
            self._burst.answered(self, self._status, self._done, reusable=reusable)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone, or we have closed."""
        if self.busy:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._burst.failed(self, Failure.RESET if reset else Failure.CLOSED)
        self._parser = None  # breaks a cycle: the collector is off while we fire

    # httptools' protocol

    def on_header(self, name: bytes, value: bytes) -> None:
        """Look for the probe's header; some servers change its case."""
        if len(name) == len(PROBE_HEADER) and name.lower() == PROBE_HEADER:
            self._stamps = read_stamps(value)

    def on_message_complete(self) -> None:
        """The last byte of an answer; the parser forgets all about it afterwards."""
        status = self._parser.get_status_code()
        if status >= FIRST_FINAL_STATUS:
            self._done = monotonic_ns()
            self._status = status
            self._keep_alive = self._parser.should_keep_alive()
            self._answers += 1


def read_stamps(value: bytes) -> tuple[int, int, int, int]:
    """(entered, view_entered, view_left, process) of the probe's header; garbled: all unknown."""
    try:
        entered, view_entered, view_left, process = map(int, value.split())
    except ValueError:
        return NO_STAMPS
    stamps = (entered, view_entered, view_left, process)
    return stamps if all(UNKNOWN <= stamp < 2**63 for stamp in stamps) else NO_STAMPS
