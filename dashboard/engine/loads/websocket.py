"""Websockets that stay open: a request is a message, and its response the message that answers it.

The protocol is that of the library `websockets`, without its input and output. The states of a
connection are drawn in `http/base_connection.py`; CONNECTING lasts until the handshake and the
opening are over.
"""

from __future__ import annotations

import asyncio
import heapq
from time import monotonic_ns

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame
from websockets.protocol import State as ProtocolState
from websockets.uri import parse_uri

from dashboard.engine.http.base_connection import AWAITING, CLOSED, BaseConnection
from dashboard.engine.http.request import encode_target
from dashboard.engine.timing.alarm import make_alarm
from dashboard.wire.codec import to_json
from dashboard.wire.events import Conversation
from dashboard.wire.failure import Failure
from dashboard.wire.http_status import SWITCHING_PROTOCOLS
from dashboard.wire.plan.exchange import MAX_QUOTED
from dashboard.wire.plan.plan import Burst, Firing
from dashboard.wire.units import NS_PER_S

from .driver import Driver
from .websocket_inbox import Message, MessageAssembler, WebSocketSummary
from .websocket_matching import AnswerMatcher, answer_matcher, render_message

UNANSWERED = (Failure.TIMEOUT, Failure.CLOSED, Failure.RESET)


class WebSocketDriver(Driver["WebSocketConnection"]):
    """Holds C connections. On each a message follows the last one after `every_s`, or its answer.

    A message whose time has come before the last one was answered waits for that, and keeps its
    `due`. The first messages are spread over `every_s`. A lost connection is opened anew; the
    message in flight on it, or the next one if it was idle, has failed.
    """

    def __init__(self, firing: Firing, load: Burst) -> None:
        super().__init__(firing)
        self.url = url_of(firing)
        self.exchange = firing.request_mode.exchange
        self.is_answer = answer_matcher(self.exchange.answer, self.exchange.message)
        self.summary = WebSocketSummary()
        self._load = load
        self._every_ns = round(load.every_s * NS_PER_S)
        self._idle: dict[int, WebSocketConnection] = {}  # by slot
        self._lost: set[int] = set()  # slots whose connection was lost while idle
        self._next_by_slot: list[tuple[int, int]] = []  # a heap of (due, slot)
        self._alarm = make_alarm(self._send_due)

    def _start(self) -> None:
        slots = self._load.concurrency
        self._next_by_slot = [(slot * self._every_ns // slots, slot) for slot in self.firing.slots]
        self._send_due()

    def response_received(self, connection: WebSocketConnection) -> None:
        """Record an answer; the connection is idle until the next message."""
        self.recorder.add(connection.record)
        del self._in_flight[connection]
        connection.hold()
        self._idle[connection.slot] = connection
        self._schedule_next(connection)

    def request_failed(self, connection: WebSocketConnection, failure: Failure) -> None:
        """Record that no answer will come, and close the connection."""
        if failure in UNANSWERED:
            self.summary.add_unanswered(connection.last_received, connection.awaited)
        self._add_failure(connection.record, failure)
        self._abort(connection)
        self._schedule_next(connection)

    def idle_lost(self, connection: WebSocketConnection) -> None:
        """Note a connection that was lost while idle: the next message of its slot fails."""
        if self._idle.pop(connection.slot, None) is not None:
            self._lost.add(connection.slot)

    def websocket_summary(self) -> Conversation:
        """Return the key `websocket` of the event `fired`."""
        summary: Conversation = to_json(self.summary)
        return summary

    def stop(self) -> None:
        """Record what is in flight as aborted, and close every connection."""
        super().stop()
        self._alarm.close()
        for connection in list(self._idle.values()):
            connection.close()
        self._idle.clear()

    def _refill(self, due: int) -> None:
        """Do nothing: `_schedule_next` keeps the slots going."""

    def _schedule_next(self, connection: WebSocketConnection) -> None:
        if self._next < self._end:
            record = connection.record
            due = record.due + self._every_ns if self._every_ns else record.done
            heapq.heappush(self._next_by_slot, (due, connection.slot))
            self._send_due()
        elif not self._in_flight:
            self._over.set()

    def _send_due(self) -> None:
        now = monotonic_ns() - self.origin_ns
        while self._next_by_slot and self._next < self._end:
            due, slot = self._next_by_slot[0]
            if due > now:
                self._alarm.set(self.origin_ns + due)
                return
            heapq.heappop(self._next_by_slot)
            self._next += 1
            self._send(self._numbers[self._next - 1], due, slot)
        if self._next == self._end and not self._in_flight:
            self._over.set()

    def _send(self, request: int, due: int, slot: int) -> None:
        idle = self._idle.pop(slot, None)
        if idle is not None:
            self._in_flight[idle] = None
            idle.send_next(request, due)
            return
        connection = WebSocketConnection(self, request, due, slot)
        if slot in self._lost:
            self._lost.remove(slot)
            self._in_flight[connection] = None
            self._loop.call_soon(self._fail_lost, connection)
        else:
            self._open(connection)

    def _fail_lost(self, connection: WebSocketConnection) -> None:
        if connection.in_flight:
            self.request_failed(connection, Failure.CLOSED)


class WebSocketConnection(BaseConnection):
    """One websocket; `record` is that of the message in flight."""

    def __init__(self, driver: WebSocketDriver, request: int, due: int, slot: int) -> None:
        super().__init__(request, due)
        self.slot = slot
        self._driver = driver
        self._protocol = ClientProtocol(parse_uri(driver.url))
        self._assembler = MessageAssembler()
        self._last_data = b""
        self._opening = iter(driver.exchange.opening)
        self.awaited: str | None = None  # the rule of the answer that the opening waits for
        self._is_awaited: AnswerMatcher | None = None

    @property
    def last_received(self) -> str | None:
        """The start of the last message, and how the server closed; None before it opened."""
        if self._protocol.state is ProtocolState.CONNECTING or self._protocol.handshake_exc:
            return None
        close = self._protocol.close_rcvd
        closed = f"closed with {close.code} {close.reason}".strip() if close else ""
        text = self._last_data[: 4 * MAX_QUOTED].decode(errors="replace")[:MAX_QUOTED]
        return "; ".join(filter(None, [text, closed]))

    def send_next(self, request: int, due: int) -> None:
        """Send another message on the open connection."""
        self.record.reset(request, due)
        self._send_message()

    def close(self) -> None:
        """Close with a closing frame, without waiting for the server's."""
        self._protocol.send_close()
        self._flush()
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the opening handshake."""
        self._transport = transport  # type: ignore[assignment]
        if not self.in_flight:  # the message was stopped or timed out while connecting
            self.abort()
            return
        transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]
        request = self._protocol.connect()
        request.headers.update(Headers(self._driver.firing.headers))
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Read the response to the handshake, or frames."""
        received = monotonic_ns() - self._driver.origin_ns
        self._protocol.receive_data(data)
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._receive_frame(event, received)
            else:
                self._end_handshake()
        if self._protocol.handshake_exc is not None:  # what came is no response
            self._end_handshake()

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the message in flight, or leave the idle connections."""
        if self.in_flight:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._driver.request_failed(self, Failure.RESET if reset else Failure.CLOSED)
        elif self.state is not CLOSED:
            self.state = CLOSED
            self._driver.idle_lost(self)

    def _end_handshake(self) -> None:
        refusal = self._protocol.handshake_exc
        if not self.in_flight:
            return
        if isinstance(refusal, InvalidStatus):
            self.record.status = refusal.response.status_code
            self._driver.request_failed(self, Failure.STATUS)
        elif refusal is not None or self._protocol.state is not ProtocolState.OPEN:
            self._driver.request_failed(self, Failure.MALFORMED)
        else:
            self._continue_opening()

    def _continue_opening(self) -> None:
        """Take the opening's steps up to one that waits for an answer; then send the message."""
        self.awaited = self._is_awaited = None
        for step in self._opening:
            if step.send is not None:
                self._protocol.send_text(step.send.encode())
            if step.answer is not None:
                self.awaited, self._is_awaited = step.answer, answer_matcher(step.answer)
                self._flush()
                return
        self._flush()
        self._send_message()

    def _send_message(self) -> None:
        self.state = AWAITING
        record = self.record
        message = render_message(self._driver.exchange.message, record.request)
        record.sent_first = record.sent = monotonic_ns() - self._driver.origin_ns
        self._protocol.send_text(message)
        self._flush()

    def _receive_frame(self, frame: Frame, received: int) -> None:
        """Report an answer; count any other message."""
        message = self._assembler.feed(frame, received)
        if message is None:
            return
        record = self.record
        if self._is_awaited is not None:
            if self.in_flight and self._is_awaited(message.text, message.data, record.request):
                self._continue_opening()
            else:
                self._ignore(message)
        elif self.in_flight and self._driver.is_answer(message.text, message.data, record.request):
            record.first_byte = message.first_byte
            record.done = received
            record.status = SWITCHING_PROTOCOLS
            self._driver.response_received(self)
        else:
            self._ignore(message)

    def _ignore(self, message: Message) -> None:
        self._last_data = message.data
        self._driver.summary.ignored += 1

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


def url_of(firing: Firing) -> str:
    """Return the URL of the websocket that a firing connects to."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    return f"ws://{host}:{firing.port}{encode_target(firing)}"
