"""One connection: sends a request, stamps what comes back, and says when it is over.

An asyncio.Protocol on uvloop; httptools parses every answer. A request that was written to
a connection which the server closed before answering is a failure like any other: retrying
it would hide what happened.

Instants are nanoseconds of the monotonic clock since the firing's origin.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import Any, Protocol

import httptools

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN

from .outcome import FIRST_REDIRECT, location_of, outcome_of
from .probe_header import NO_STAMPS, PROBE_MARK, find_stamps
from .request import Request
from .response import FIRST_FINAL_STATUS, LONGEST_HEAD, AnswerToHead, Parts

CONTINUE = 100
FINE = int(Failure.NONE)  # at hand: an enum is slow to ask
CONTINUE_PATIENCE_S = 1.0  # a server that never says so gets the body all the same, as from curl


class Owner(Protocol):
    """What a connection belongs to and reports to: whatever decides what is sent next."""

    origin_ns: int
    request: Request

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """Record a complete response, and use the connection again if it is reusable."""

    def failed(self, connection: Connection, failure: Failure) -> None:
        """Record that no response will come."""

    def left(self, connection: Connection) -> None:
        """Forget an idle connection, which cannot be used again."""

    def hand_over(self, old: Connection, new: Connection) -> None:
        """Continue a request on another connection."""


class Connection(asyncio.Protocol):
    """Carries one request at a time; the instants are of the request that it carries now."""

    __slots__ = (
        "_arrived",
        "_lasting",
        "_origin",
        "_owner",
        "_parser",
        "_parts",
        "_patience",
        "_reusable",
        "_sends",
        "_surplus",
        "_transport",
        "busy",
        "connecting",
        "due",
        "failure",
        "first_byte",
        "request",
        "sent",
        "sent_first",
        "stamps",
        "status",
        "told",
    )

    def __init__(self, owner: Owner, request: int, due: int) -> None:
        self._owner = owner
        self._origin = owner.origin_ns
        self._sends = owner.request
        # Made with the connection: a parser and its protocol are a cycle, which only
        # connection_lost breaks, and the collector is off while we fire.
        self._parser: Any = None
        self._transport: asyncio.Transport | None = None
        self._patience: asyncio.TimerHandle | None = None
        self._parts: Parts | None = None  # of an answer that did not come all at once
        self._arrived = UNKNOWN  # when the last data did
        self._lasting = owner.request.keep_alive  # as far as we are concerned
        self._reusable = False
        self._surplus = False
        self.request = request
        self.due = due
        self.busy = True
        self.connecting = self.sent_first = self.sent = self.first_byte = UNKNOWN
        self.stamps = NO_STAMPS
        self.status = 0  # until the answer is whole
        self.failure = FINE  # of a whole answer that did not do what was asked for
        self.told = (UNKNOWN, UNKNOWN)  # what the last `begun` frame said of it

    def send_next(self, request: int, due: int) -> None:
        """Use the open connection once more; nothing is known of this request yet."""
        self.request = request
        self.due = due
        self.busy = True
        self.connecting = self.first_byte = UNKNOWN
        self.stamps = NO_STAMPS
        self.status = 0
        self.failure = FINE
        self._parts = None
        self._send()

    def drop(self) -> None:
        """Close at once; what was in flight has been recorded by whoever drops it."""
        self.busy = False
        if self._patience is not None:
            self._patience.cancel()
        if self._transport is not None:
            self._transport.abort()

    def _send(self) -> None:
        """One write, so that the first and the last byte leave together, and at once."""
        self.sent_first = self.sent = monotonic_ns() - self._origin
        self._transport.write(self._sends.opening)  # type: ignore[union-attr]
        if self._sends.withheld:
            self._await_continue()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once: an idle connection would block a worker of some servers."""
        self._transport = transport  # type: ignore[assignment]
        if self.busy:
            # uvloop would keep each write until it has handled whatever else is ready: with
            # thousands of connections, milliseconds behind the stamp.
            self._transport.set_write_buffer_limits(high=0)  # type: ignore[union-attr]
            self.expect_answer()
            self._send()
        else:  # it took so long that the request was given up
            self.drop()

    def data_received(self, data: bytes) -> None:
        """Parse, and when an answer is whole, tell the owner."""
        if not self.busy:
            return
        self._arrived = monotonic_ns() - self._origin
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Nonsense behind an answer that was whole is a surplus like any other.
            self._owner.failed(self, Failure.SURPLUS if self.status else Failure.MALFORMED)
            return
        if not self.status or self._parts:
            self._take_part(data)
        elif data.find(PROBE_MARK, 0, LONGEST_HEAD) > 0:  # (`in` takes twice as long)
            self._read_stamps(data)
        if self.status:
            if self._surplus:  # whose answer would come next is uncertain
                self._owner.failed(self, Failure.SURPLUS)
            else:
                if self.status >= FIRST_REDIRECT:
                    self._judge(data)
                self._owner.answered(self, self._arrived, self._reusable)

    def eof_received(self) -> None:
        """The peer will say no more; an answer that has no length of its own is whole now."""
        if self.busy and self._parts and self._parts.last_until_close():
            self.status = self._parser.get_status_code()
            self._judge(b"")
            self._owner.answered(self, monotonic_ns() - self._origin, False)

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone, or we have closed."""
        if self.busy:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._owner.failed(self, Failure.RESET if reset else Failure.CLOSED)
        self._parser = None

    # httptools' protocol. None for a header: a callback for each would be the dearest of all.

    def on_message_begin(self) -> None:
        """The first byte of an answer, or of what stands behind it."""
        if self.status:
            self._surplus = True
        else:
            self.first_byte = self._arrived

    def on_message_complete(self) -> None:
        """The last byte of an answer; the parser forgets all about it afterwards."""
        status = self._parser.get_status_code()
        if status < FIRST_FINAL_STATUS:
            self.skip_interim(status)
        elif not self.status:  # `complete`, but without the cost of a call
            self.status = status
            self._reusable = self._lasting and self._parser.should_keep_alive()

    # For the reader of answers

    def expect_answer(self) -> None:
        """Give the next answer a parser; only HEAD needs a new one each time."""
        if self._sends.bodiless_answer:
            self._parser = AnswerToHead(self).parser
        else:
            self._parser = httptools.HttpResponseParser(self)

    def complete(self, status: int, lasting: bool) -> None:
        """The answer is whole; `lasting`: the server keeps the connection open."""
        self.status = status
        self._reusable = lasting and self._lasting

    def skip_interim(self, status: int) -> None:
        """What counts is still to come."""
        if status < CONTINUE:
            raise httptools.HttpParserError(f"expected a status from 100, found {status}")
        self.first_byte = UNKNOWN
        if self._parts is None:
            self._parts = Parts()
        self._parts.interim += 1
        if status == CONTINUE:
            self._send_withheld()

    # What is rarer

    def _take_part(self, data: bytes) -> None:
        """The answer does not come all at once, or there were interim ones before it."""
        if self._parts is None:
            self._parts = Parts()
        self._parts.add(data)
        if self._parts.head:
            self._read_stamps(self._parts.head)
        elif self._parts.endless:
            self._owner.failed(self, Failure.ENDLESS_HEAD)

    def _read_stamps(self, head: bytes) -> None:
        self.stamps = find_stamps(head, self._origin, self.sent_first, self.first_byte)

    def _judge(self, data: bytes) -> None:
        """Decide whether an answer that is no plain success did what was asked for."""
        head = (self._parts.head or b"") if self._parts else data
        asked = self._sends.path_of(self.request)
        self.failure = int(outcome_of(self.status, self.stamps[1], location_of(head), asked))

    def _await_continue(self) -> None:
        self.sent = UNKNOWN
        self._lasting = False  # unless the body is sent: the server may wait for it
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(CONTINUE_PATIENCE_S, self._send_withheld)

    def _send_withheld(self) -> None:
        """The server wants the body, or has kept us waiting for long enough."""
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
            self._lasting = self._sends.keep_alive
            self.sent = monotonic_ns() - self._origin
            self._transport.write(self._sends.withheld)  # type: ignore[union-attr]
