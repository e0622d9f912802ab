"""One HTTP connection: writes a request, stamps the response, and reports when it is complete.

An asyncio.Protocol on uvloop; httptools parses every response. The states of a connection are
drawn in `base_connection.py`. A request that was written to a connection which the server closed
before answering has failed like any other: a retry would hide what happened.

Instants are nanoseconds of the monotonic clock since the firing's origin.
"""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import Any, Protocol

import httptools

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN

from .base_connection import AWAITING, CLOSED, CONNECTING, IDLE, SENDING, BaseConnection
from .outcome import FIRST_REDIRECT, location_of, outcome_of
from .probe_header import PROBE_MARK, find_stamps
from .request import RequestTemplate
from .response import FIRST_FINAL_STATUS, MAX_HEAD_BYTES, HeadBuffer, HeadResponseParser

CONTINUE = 100
CONTINUE_TIMEOUT_S = 1.0  # then the body is sent without `100 Continue`, as by curl


class Owner(Protocol):
    """What a connection belongs to and reports to: a driver."""

    origin_ns: int
    template: RequestTemplate

    def response_received(self, connection: Connection) -> None:
        """Record a complete response; decide whether the connection is used again."""

    def request_failed(self, connection: Connection, failure: Failure) -> None:
        """Record that no usable response will come."""

    def idle_lost(self, connection: Connection) -> None:
        """Forget an idle connection, which cannot be used again."""

    def request_moved(self, old: Connection, new: Connection) -> None:
        """Continue a request on another connection, which is still to be opened."""


class Connection(BaseConnection):
    """Carries one request at a time; `record` is that of the current one."""

    __slots__ = (
        "_continue_timer",
        "_head",
        "_keep_alive",
        "_origin_ns",
        "_owner",
        "_parser",
        "_received",
        "_surplus",
        "_template",
        "reusable",
    )

    def __init__(self, owner: Owner, request: int, due: int) -> None:
        super().__init__(request, due)
        self._owner = owner
        self._origin_ns = owner.origin_ns
        self._template = owner.template
        # Made with the connection: a parser and its protocol are a cycle, which only
        # connection_lost breaks, and the collector is off during a firing.
        self._parser: Any = None
        self._continue_timer: asyncio.TimerHandle | None = None
        self._head: HeadBuffer | None = None  # of a response that arrives in several reads
        self._received = UNKNOWN  # the instant of the last read
        self._keep_alive = owner.template.keep_alive  # on our side
        self._surplus = False  # bytes followed a complete response
        self.reusable = False  # after a complete response: whether another request may follow

    def send_next(self, request: int, due: int) -> None:
        """Send another request on the open connection."""
        self.record.reset(request, due)
        self._head = None
        self._send()

    def abort(self) -> None:
        """Close at once. Nothing is reported: the caller has recorded the request."""
        if self._continue_timer is not None:
            self._continue_timer.cancel()
        super().abort()

    def _send(self) -> None:
        """Write the request at once and in one piece, so that it has one instant."""
        self.state = AWAITING
        record = self.record
        record.sent_first = record.sent = monotonic_ns() - self._origin_ns
        self._transport.write(self._template.first_write)  # type: ignore[union-attr]
        if self._template.deferred_body:
            self._await_continue()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send at once: an idle connection would block a worker of some servers."""
        self._transport = transport  # type: ignore[assignment]
        if self.state is CONNECTING:
            # uvloop would keep each write until it has handled whatever else is ready: with
            # thousands of connections, milliseconds behind the stamp.
            self._transport.set_write_buffer_limits(high=0)  # type: ignore[union-attr]
            self.reset_parser()
            self._send()
        else:  # the request was stopped or timed out while connecting
            self.abort()

    def data_received(self, data: bytes) -> None:
        """Parse, and report a response that is complete."""
        if self.state is not AWAITING and not self.in_flight:
            self._reject_unrequested()
            return
        self._received = monotonic_ns() - self._origin_ns
        record = self.record
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            # Garbage behind a complete response is a surplus like any other.
            failure = Failure.SURPLUS if record.status else Failure.MALFORMED
            self._owner.request_failed(self, failure)
            return
        if not record.status or self._head:
            self._buffer_head(data)
        elif data.find(PROBE_MARK, 0, MAX_HEAD_BYTES) > 0:  # (`in` takes twice as long)
            self._read_stamps(data)
        if record.status:
            if self._surplus:  # it could not be distinguished from the next response
                self._owner.request_failed(self, Failure.SURPLUS)
            else:
                if record.status >= FIRST_REDIRECT:
                    self._check_outcome(data)
                record.done = self._received
                self._finish()

    def eof_received(self) -> None:
        """Complete a response without a length: its end is that of the connection."""
        if self.state is IDLE:
            self._lose_idle()
        elif self.in_flight and self._head and self._head.ends_at_close():
            self.record.status = self._parser.get_status_code()
            self.reusable = False
            self._check_outcome(b"")
            self.record.done = monotonic_ns() - self._origin_ns
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request in flight, or leave the idle connections."""
        if self.in_flight:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._owner.request_failed(self, Failure.RESET if reset else Failure.CLOSED)
        elif self.state is IDLE:
            self._lose_idle()
        self._parser = None

    # httptools' callbacks. None per header: it would cost more than all others together.

    def on_message_begin(self) -> None:
        """Stamp the first byte of a response, or note one behind a complete response."""
        if self.record.status:
            self._surplus = True
        else:
            self.record.first_byte = self._received

    def on_message_complete(self) -> None:
        """Note the status; the parser forgets it afterwards."""
        status = self._parser.get_status_code()
        if status < FIRST_FINAL_STATUS:
            self.skip_interim(status)
        elif not self.record.status:  # `complete`, without the cost of a call
            self.record.status = status
            self.reusable = (
                self._keep_alive and self.state is AWAITING and self._parser.should_keep_alive()
            )

    # ResponseHandler, for the parser of responses to HEAD

    def reset_parser(self) -> None:
        """Make a parser for the next response; only HEAD needs one for each."""
        if self._template.bodiless_response:
            self._parser = HeadResponseParser(self).parser
        else:
            self._parser = httptools.HttpResponseParser(self)

    def complete(self, status: int, keep_alive: bool) -> None:
        """Accept the response as complete; `keep_alive`: the server leaves it open."""
        self.record.status = status
        self.reusable = keep_alive and self._keep_alive and self.state is AWAITING

    def skip_interim(self, status: int) -> None:
        """Ignore an interim response; the final one is still to come."""
        if status < CONTINUE:
            raise httptools.HttpParserError(f"expected a status from 100, found {status}")
        self.record.first_byte = UNKNOWN
        if self._head is None:
            self._head = HeadBuffer()
        self._head.interim_responses += 1
        if status == CONTINUE:
            self._send_deferred_body()

    # Rare cases

    def _finish(self) -> None:
        """Report a complete response. Overridden where it may not be the final one."""
        self._owner.response_received(self)

    def _lose_idle(self) -> None:
        self.state = CLOSED
        self._owner.idle_lost(self)

    def _reject_unrequested(self) -> None:
        """Close an idle connection on which data arrived: no later response could be trusted."""
        if self.state is IDLE:
            self._lose_idle()
            self.abort()

    def _buffer_head(self, data: bytes) -> None:
        """Collect the head of a response that arrives in several reads, or after interim ones."""
        if self._head is None:
            self._head = HeadBuffer()
        self._head.feed(data)
        if self._head.head:
            self._read_stamps(self._head.head)
        elif self._head.too_long:
            self._owner.request_failed(self, Failure.ENDLESS_HEAD)

    def _read_stamps(self, head: bytes) -> None:
        record = self.record
        record.stamps = find_stamps(head, self._origin_ns, record.sent_first, record.first_byte)

    def _check_outcome(self, data: bytes) -> None:
        """Set the error of a response that is not the requested one."""
        head = (self._head.head or b"") if self._head else data
        record = self.record
        target = self._template.target_of(record.request)
        view_entered = record.stamps[1]
        record.error = int(outcome_of(record.status, view_entered, location_of(head), target))

    def _await_continue(self) -> None:
        # A response that comes first ends the connection: the server may wait for the body.
        self.state = SENDING
        self.record.sent = UNKNOWN
        loop = asyncio.get_running_loop()
        self._continue_timer = loop.call_later(CONTINUE_TIMEOUT_S, self._send_deferred_body)

    def _send_deferred_body(self) -> None:
        """Send the body: on `100 Continue`, or after CONTINUE_TIMEOUT_S without it."""
        if self._continue_timer is not None:
            self._continue_timer.cancel()
            self._continue_timer = None
            self.state = AWAITING
            self.record.sent = monotonic_ns() - self._origin_ns
            self._transport.write(self._template.deferred_body)  # type: ignore[union-attr]
