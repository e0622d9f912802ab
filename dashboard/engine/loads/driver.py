"""What all loads share: connections, timeouts, Stop and frames of one firing.

Which request follows, and when it is due, is decided by `burst.py` for a closed load, by
`rate.py` for an open one, and by `websocket.py` for messages on websockets.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from abc import ABC, abstractmethod
from collections import deque
from time import monotonic_ns
from typing import Generic, TypeVar

from dashboard.engine.http.base_connection import BaseConnection
from dashboard.engine.http.request import RequestTemplate
from dashboard.engine.recording.chunk_recorder import ChunkRecorder
from dashboard.engine.recording.recorder import Recorder
from dashboard.engine.recording.request_record import RequestRecord
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing
from dashboard.wire.tls import client_context
from dashboard.wire.units import NS_PER_S

MIN_SLEEP_S = 0.001  # uvloop's timers have whole milliseconds
# Connections started in one turn of the loop. Between turns, requests are sent on those that are
# open, responses are read and Stop takes effect, however many are wanted.
CONNECTS_PER_TURN = 32
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)

ConnectionT = TypeVar("ConnectionT", bound=BaseConnection)


class Driver(ABC, Generic[ConnectionT]):
    """Drives one firing. Connections report to it; its subclasses decide what is sent next."""

    def __init__(self, firing: Firing) -> None:
        self.origin_ns = monotonic_ns()
        self.firing = firing
        self.template = RequestTemplate.of(firing)
        self.recorder = Recorder.of(firing, self.origin_ns)
        self.chunks = ChunkRecorder()
        self.stopped = False
        self._loop = asyncio.get_running_loop()
        self._timeout_ns = round(firing.timeout_s * NS_PER_S)
        self._tls = client_context(firing.host, firing.ca) if firing.tls else None
        self._numbers = firing.numbers
        self._next = 0  # its place among the numbers
        self._end = len(self._numbers)
        # Connections in flight, each with the task that opened it; None while it waits for one.
        self._in_flight: dict[ConnectionT, asyncio.Task[None] | None] = {}
        self._to_open: deque[ConnectionT] = deque()
        # The event loop keeps no strong reference to a task.
        self._connect_tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    # What a load decides

    @abstractmethod
    def _start(self) -> None:
        """Send what is due at the origin."""

    @abstractmethod
    def response_received(self, connection: ConnectionT) -> None:
        """Record a complete response; decide whether the connection is used again."""

    @abstractmethod
    def _refill(self, due: int) -> None:
        """Use a slot that became free at `due` and has no connection."""

    # For the process that fires

    def set_origin(self, origin_ns: int) -> None:
        """Replace the origin, which is the instant of creation by default. Before `fire`."""
        self.origin_ns = self.recorder.origin_ns = origin_ns

    async def fire(self) -> None:
        """Fire, and return when every request that became due has its row. Then `close`."""
        timeouts = self._loop.create_task(self._watch_timeouts())
        try:
            self._start()
            await self._over.wait()
        finally:
            timeouts.cancel()
            self.stop()

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""
        self.stopped |= not self._over.is_set()
        self._end = self._next
        for connection in list(self._in_flight):
            self.request_failed(connection, Failure.ABORTED)
        self._over.set()

    async def close(self) -> None:
        """Cancel connections that are still being opened."""
        for task in self._connect_tasks:
            task.cancel()
        await asyncio.gather(*self._connect_tasks, return_exceptions=True)

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""
        return len(self._in_flight)

    def next_frame(self) -> bytes | None:
        """Return a frame of what has finished since the last one; None if nothing has."""
        return self.recorder.samples() or self.recorder.pieces(self.chunks.columns())

    def begun_frame(self) -> bytes | None:
        """Return a frame of what began, complete up to now; None once the firing is over.

        Call when `next_frame` has returned None.
        """
        if self._over.is_set():
            return None
        at_ns = monotonic_ns() - self.origin_ns
        return self.recorder.begun((connection.record for connection in self._in_flight), at_ns)

    def scheduling_errors_ns(self) -> list[int] | None:
        """Return how late requests were sent, ascending; None without a schedule.

        Requests that waited for a slot are left out.
        """
        return None

    # For connections

    def request_failed(self, connection: ConnectionT, failure: Failure) -> None:
        """Record that no usable response will come; the slot is free."""
        record = connection.record
        self._add_failure(record, failure)
        self._abort(connection)
        self._refill(record.done)

    def idle_lost(self, connection: ConnectionT) -> None:
        """Forget an idle connection. A load that holds none has nothing to forget."""

    def request_moved(self, old: ConnectionT, new: ConnectionT) -> None:
        """Continue a request on another connection."""
        del self._in_flight[old]
        old.abort()
        self._open(new)

    # For subclasses

    def _add_failure(self, record: RequestRecord, failure: Failure) -> None:
        record.done = monotonic_ns() - self.origin_ns
        record.error = int(failure)
        self.recorder.add(record)

    def _abort(self, connection: ConnectionT) -> None:
        connection.abort()
        task = self._in_flight.pop(connection)
        # When nothing more becomes due, `close` follows soon and cancels the rest: `fire` would
        # wait behind thousands of ending tasks, for 0.2 s after a Stop.
        if task and self._next < self._end:
            task.cancel()

    def _open(self, connection: ConnectionT) -> None:
        """Open a connection, which sends its request as soon as it is connected."""
        self._in_flight[connection] = None
        if not self._to_open:
            self._loop.call_soon(self._open_some)
        self._to_open.append(connection)

    def _time_out(self, now: int) -> int:
        """Fail the requests that are overdue; return the oldest `due` in flight, or `now`."""
        for connection in list(self._in_flight):
            if connection.record.due + self._timeout_ns <= now:
                self.request_failed(connection, Failure.TIMEOUT)
        return min((connection.record.due for connection in self._in_flight), default=now)

    # Internals

    def _open_some(self) -> None:
        for _ in range(min(CONNECTS_PER_TURN, len(self._to_open))):
            connection = self._to_open.popleft()
            if connection.in_flight:  # else it was stopped or timed out in the queue
                connection.record.connecting = monotonic_ns() - self.origin_ns
                task = self._loop.create_task(self._connect(connection))
                self._in_flight[connection] = task
                self._connect_tasks.add(task)
                task.add_done_callback(self._connect_tasks.discard)
        if self._to_open:
            self._loop.call_soon(self._open_some)

    async def _connect(self, connection: ConnectionT) -> None:
        try:
            await self._loop.create_connection(
                lambda: connection, self.firing.host, self.firing.port, ssl=self._tls
            )
        except Exception as error:
            if connection.in_flight:
                self.request_failed(connection, connect_failure(error))

    async def _watch_timeouts(self) -> None:
        """Fail requests as they time out; sleep until the oldest in flight would."""
        while True:
            now = monotonic_ns() - self.origin_ns
            sleep_s = (self._time_out(now) + self._timeout_ns - now) / NS_PER_S
            await asyncio.sleep(max(sleep_s, MIN_SLEEP_S))


def connect_failure(error: Exception) -> Failure:
    """Return why a connection could not be opened."""
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(error, ConnectionResetError):
        return Failure.RESET
    if isinstance(error, ssl.SSLError):
        return Failure.TLS
    if isinstance(error, OSError) and error.errno in NO_DESCRIPTORS:
        return Failure.NO_DESCRIPTORS
    return Failure.UNREACHABLE
