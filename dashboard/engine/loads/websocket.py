"""Websockets that stay open: a request is a message, and the manner says what answers it.

The protocol is that of the library `websockets`, without its input and output.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import asdict
from time import monotonic_ns
from typing import Any

from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from dashboard.engine.http.connection import FINE
from dashboard.engine.http.probe_header import NO_STAMPS
from dashboard.engine.http.request import encode_target
from dashboard.engine.timing.alarm import make_alarm
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Burst, Firing
from dashboard.wire.units import NS_PER_S

from .driver import Driver
from .websocket_answers import answers_of, words
from .websocket_inbox import Heard, Message

SWITCHING = 101
MOST_QUOTED = 200  # characters of what was received last
UNANSWERED = (Failure.TIMEOUT, Failure.CLOSED, Failure.RESET)


class WebSocketDriver(Driver):
    """C conversations. In each a message follows the last one after `every_s`, or its answer.

    A message whose time has come while the last one is not back yet waits for it, and keeps its
    `due`. The first messages are spread over `every_s`. A connection that was lost is made anew;
    what was on its way, or was to be sent next on it, has failed.
    """

    def __init__(self, firing: Firing, load: Burst) -> None:
        super().__init__(firing)
        self.url = url_of(firing)
        self.headers = firing.headers
        self.exchange = firing.manner.exchange
        self.is_answer = answers_of(self.exchange)
        self.heard = Heard()
        self._load = load
        self._every_ns = round(load.every_s * NS_PER_S)
        self._idle: dict[int, WebSocketConnection] = {}  # by their slot
        self._lost: set[int] = set()  # slots whose connection went while it was idle
        self._next_ones: list[tuple[int, int]] = []  # when the next message of a slot is due
        self._alarm = make_alarm(self._send_due)

    def _begin(self) -> None:
        slots = self._load.concurrency
        self._next_ones = [(slot * self._every_ns // slots, slot) for slot in self._firing.slots]
        self._send_due()

    def answered(self, connection: Any, done: int, reusable: bool) -> None:
        """The message was answered."""
        self.recorder.finish(connection, done, SWITCHING, FINE)
        del self._in_flight[connection]
        connection.busy = False
        self._idle[connection.slot] = connection
        self._go_on(connection, done)

    def failed(self, connection: Any, failure: Failure) -> None:
        """The message will not come back; its connection is of no more use."""
        done = monotonic_ns() - self.origin_ns
        if failure in UNANSWERED:
            self.heard.unanswered(connection.last_words)
        self.recorder.finish(connection, done, connection.status, failure)
        self._drop(connection)
        self._go_on(connection, done)

    def lost(self, slot: int) -> None:
        """An idle connection went: whoever was to use it next will find that out."""
        if self._idle.pop(slot, None) is not None:
            self._lost.add(slot)

    def said(self) -> dict[str, Any]:
        """What the servers said beside answers, for the event `fired`."""
        return asdict(self.heard)

    def stop(self) -> None:
        """Record what is on its way as aborted, and close every connection."""
        super().stop()
        self._alarm.close()
        for conversation in list(self._idle.values()):
            conversation.leave()
        self._idle.clear()

    def _refill(self, due: int) -> None:
        """Slots go on by themselves."""

    def _go_on(self, connection: WebSocketConnection, done: int) -> None:
        if self._next < self._end:
            due = connection.due + self._every_ns if self._every_ns else done
            heapq.heappush(self._next_ones, (due, connection.slot))
            self._send_due()
        elif not self._in_flight:
            self._over.set()

    def _send_due(self) -> None:
        now = monotonic_ns() - self.origin_ns
        while self._next_ones and self._next < self._end:
            due, slot = self._next_ones[0]
            if due > now:
                self._alarm.set(self.origin_ns + due)
                return
            heapq.heappop(self._next_ones)
            self._next += 1
            self._send(self._numbers[self._next - 1], due, slot)
        if self._next == self._end and not self._in_flight:
            self._over.set()

    def _send(self, request: int, due: int, slot: int) -> None:
        conversation = self._idle.pop(slot, None)
        if conversation is not None:
            self._in_flight[conversation] = None  # type: ignore[index]
            conversation.send_next(request, due)
            return
        conversation = WebSocketConnection(self, request, due, slot)
        if slot in self._lost:
            self._lost.remove(slot)
            self._in_flight[conversation] = None  # type: ignore[index]
            self._loop.call_soon(self._fail_lost, conversation)
        else:
            self._open(conversation)  # type: ignore[arg-type]

    def _fail_lost(self, conversation: WebSocketConnection) -> None:
        if conversation.busy:
            self.failed(conversation, Failure.CLOSED)


class WebSocketConnection(asyncio.Protocol):
    """One websocket; the instants are of the message that is on its way now."""

    def __init__(self, driver: WebSocketDriver, request: int, due: int, slot: int) -> None:
        self.slot = slot
        self.request = request
        self.due = due
        self.busy = True
        self.connecting = self.sent_first = self.sent = self.first_byte = UNKNOWN
        self.stamps = NO_STAMPS
        self.status = 0
        self.told = (UNKNOWN, UNKNOWN)
        self._driver = driver
        self._transport: asyncio.Transport | None = None
        self._protocol = ClientProtocol(parse_uri(driver.url))
        self._parts = Message()
        self._last = b""

    @property
    def last_words(self) -> str | None:
        """The beginning of what the server said last, and how it closed; None before it opened."""
        if self._protocol.state is State.CONNECTING or self._protocol.handshake_exc:
            return None
        close = self._protocol.close_rcvd
        closed = f"closed with {close.code} {close.reason}".strip() if close else ""
        heard = self._last[: 4 * MOST_QUOTED].decode(errors="replace")[:MOST_QUOTED]
        return "; ".join(filter(None, [heard, closed]))

    def send_next(self, request: int, due: int) -> None:
        """Send another message on the open connection."""
        self.request, self.due = request, due
        self.busy = True
        self.connecting = self.first_byte = UNKNOWN
        self._say()

    def drop(self) -> None:
        """Close at once."""
        self.busy = False
        if self._transport is not None:
            self._transport.abort()

    def leave(self) -> None:
        """Close as the protocol wants it, and wait for nobody."""
        self._protocol.send_close()
        self._flush()
        if self._transport is not None:
            self._transport.close()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a websocket."""
        self._transport = transport  # type: ignore[assignment]
        if not self.busy:  # it took so long that the message was given up
            self.drop()
            return
        transport.set_write_buffer_limits(high=0)  # type: ignore[attr-defined]
        request = self._protocol.connect()
        request.headers.update(Headers(self._driver.headers))
        self._protocol.send_request(request)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """The answer to the opening, or frames."""
        arrived = monotonic_ns() - self._driver.origin_ns
        self._protocol.receive_data(data)
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._take(event, arrived)
            else:
                self._opened()
        if self._protocol.handshake_exc is not None:  # nothing that could be an answer
            self._opened()

    def connection_lost(self, error: Exception | None) -> None:
        """The peer has gone, or we have closed."""
        if self.busy:
            reset = isinstance(error, ConnectionResetError | BrokenPipeError)
            self._driver.failed(self, Failure.RESET if reset else Failure.CLOSED)
        else:
            self._driver.lost(self.slot)

    def _opened(self) -> None:
        refusal = self._protocol.handshake_exc
        if not self.busy:
            return
        if isinstance(refusal, InvalidStatus):
            self.status = refusal.response.status_code
            self._driver.failed(self, Failure.STATUS)
        elif refusal is not None or self._protocol.state is not State.OPEN:
            self._driver.failed(self, Failure.MALFORMED)
        else:
            for text in self._driver.exchange.opening:
                self._protocol.send_text(text.encode())
            self._flush()
            self._say()

    def _say(self) -> None:
        """One message, the request's."""
        message = words(self._driver.exchange.message, self.request)
        self.sent_first = self.sent = monotonic_ns() - self._driver.origin_ns
        self._protocol.send_text(message)
        self._flush()

    def _take(self, frame: Frame, arrived: int) -> None:
        """The answer; anything else that the server says is counted."""
        whole = self._parts.take(frame, arrived)
        if whole is None:
            return
        if self.busy and self._driver.is_answer(whole.text, whole.data, self.request):
            self.first_byte = whole.begun
            self._driver.answered(self, arrived, True)
        else:
            self._last = whole.data
            self._driver.heard.ignored += 1

    def _flush(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        for data in self._protocol.data_to_send():
            if data:
                self._transport.write(data)
            else:
                self._transport.close()


def url_of(firing: Firing) -> str:
    """The address of the websocket that a firing speaks to."""
    host = f"[{firing.host}]" if ":" in firing.host else firing.host
    return f"ws://{host}:{firing.port}{encode_target(firing)}"
