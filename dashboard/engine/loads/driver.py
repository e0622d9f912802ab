"""Drives one firing: its connections, its timeouts, its Stop, its frames.

What a closed and an open load share, which is all but the decision what is fired next and
when. `burst.py` decides that for the one, `rate.py` for the other.
"""

from __future__ import annotations

import asyncio
import errno
import ssl
from abc import ABC, abstractmethod
from collections import deque
from time import monotonic_ns

from dashboard.engine.http.connection import Connection, Owner
from dashboard.engine.http.polling import Poller
from dashboard.engine.http.request import Request
from dashboard.engine.http.tls import loopback_tls
from dashboard.engine.recording.chunk_recorder import ChunkRecorder
from dashboard.engine.recording.recorder import Recorder
from dashboard.wire.failure import Failure
from dashboard.wire.plan import Firing
from dashboard.wire.units import NS_PER_S

SHORTEST_NAP_S = 0.001  # uvloop's timers know milliseconds
# Connections begun in one turn of the loop: between turns requests leave on those that are
# made, answers are read, and Stop is heard, however many are wanted.
OPENED_AT_ONCE = 32
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


class Driver(ABC):
    """One firing. Connections report to it; its heirs decide what is fired next."""

    def __init__(self, firing: Firing) -> None:
        self.origin_ns = monotonic_ns()
        self.request = Request.of(firing)
        self.recorder = Recorder(firing, self.origin_ns)
        self.stopped = False
        self.chunks = ChunkRecorder()
        self._firing = firing
        # What connections report to: this, or what lets only results through.
        polls = firing.manner.poll_every_ms is not None
        self._reported: Owner = Poller(self, firing) if polls else self
        self._loop = asyncio.get_running_loop()
        self._timeout_ns = round(firing.timeout_s * NS_PER_S)
        self._tls = loopback_tls() if firing.tls else None
        self._numbers = firing.numbers
        self._next = 0  # its place among them
        self._end = len(self._numbers)
        # Each connection in flight, and the task that makes or made it; None before its turn.
        self._in_flight: dict[Connection, asyncio.Task[None] | None] = {}
        self._to_open: deque[Connection] = deque()
        # The event loop keeps no strong reference to a task, so we do.
        self._connecting: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    # What a kind of load decides

    @abstractmethod
    def _begin(self) -> None:
        """Fire what is due at the origin."""

    @abstractmethod
    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """A whole answer came; the slot is free, and on the same connection if that is open."""

    @abstractmethod
    def _refill(self, due: int) -> None:
        """A slot became free at `due` and has no connection."""

    # For whoever fires

    def begin_at(self, origin_ns: int) -> None:
        """Its origin is this instant, and not when it was made. Before `fire`."""
        self.origin_ns = self.recorder.origin_ns = origin_ns

    async def fire(self) -> None:
        """Fire, and wait until every request that became due has its row. Then `close`."""
        alarm = self._loop.create_task(self._time_out())
        try:
            self._begin()
            await self._over.wait()
        finally:
            alarm.cancel()
            self.stop()

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""
        self.stopped |= not self._over.is_set()
        self._end = self._next
        for connection in list(self._in_flight):
            self.failed(connection, Failure.ABORTED)
        self._over.set()

    async def close(self) -> None:
        """Leave nothing behind: no connection that is still being made."""
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def next_frame(self) -> bytes | None:
        """A frame of what is new: finished, or in flight; None when nothing is."""
        return (
            self.recorder.samples()
            or self.recorder.pieces(self.chunks.columns())
            or self.recorder.begun(self._in_flight)
        )

    def scheduling_errors_ns(self) -> list[int] | None:
        """How late each request was sent that nothing held back; None without a schedule."""
        return None

    # For connections

    def failed(self, connection: Connection, failure: Failure) -> None:
        """No answer will come; the slot is free."""
        done = monotonic_ns() - self.origin_ns
        self.recorder.finish(connection, done, connection.status, failure)
        self._drop(connection)
        self._refill(done)

    def left(self, connection: Connection) -> None:  # noqa: B027 - for who keeps idle ones
        """An idle connection is of no more use."""

    def hand_over(self, old: Connection, new: Connection) -> None:
        """A request goes on upon another connection."""
        del self._in_flight[old]
        old.drop()
        self._open(new)

    # For the heirs

    def _drop(self, connection: Connection) -> None:
        connection.drop()
        task = self._in_flight.pop(connection)
        # When nothing more becomes due `close` comes soon, and does it: `fire` would wait
        # behind thousands of tasks that end, for 0.2 s after a Stop.
        if task and self._next < self._end:
            task.cancel()

    def _open(self, connection: Connection) -> None:
        """Make a connection; it sends its request as soon as it stands."""
        self._in_flight[connection] = None
        if not self._to_open:
            self._loop.call_soon(self._open_some)
        self._to_open.append(connection)

    def _give_up(self, now: int) -> int:
        """Time out what was due too long ago; returns the oldest due in flight, else `now`."""
        for connection in list(self._in_flight):
            if connection.due + self._timeout_ns <= now:
                self.failed(connection, Failure.TIMEOUT)
        return min((connection.due for connection in self._in_flight), default=now)

    # By ourselves

    def _open_some(self) -> None:
        for _ in range(min(OPENED_AT_ONCE, len(self._to_open))):
            connection = self._to_open.popleft()
            if connection.busy:  # it may have been stopped or timed out in the queue
                connection.connecting = monotonic_ns() - self.origin_ns
                task = self._loop.create_task(self._connect(connection))
                self._in_flight[connection] = task
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
        if self._to_open:
            self._loop.call_soon(self._open_some)

    async def _connect(self, connection: Connection) -> None:
        try:
            await self._loop.create_connection(
                lambda: connection, self._firing.host, self._firing.port, ssl=self._tls
            )
        except Exception as error:
            if connection.busy:
                self.failed(connection, connecting_failure(error))

    async def _time_out(self) -> None:
        """Give up whatever was due too long ago; sleeps until the oldest in flight would be."""
        while True:
            now = monotonic_ns() - self.origin_ns
            nap_s = (self._give_up(now) + self._timeout_ns - now) / NS_PER_S
            await asyncio.sleep(max(nap_s, SHORTEST_NAP_S))


def connecting_failure(error: Exception) -> Failure:
    """Why a connection could not be made."""
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(error, ConnectionResetError):
        return Failure.RESET
    if isinstance(error, ssl.SSLError):
        return Failure.TLS
    if isinstance(error, OSError) and error.errno in NO_DESCRIPTORS:
        return Failure.NO_DESCRIPTORS
    return Failure.UNREACHABLE
