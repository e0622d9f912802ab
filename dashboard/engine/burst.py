"""A closed load: N requests in all, at most C in flight, until each that was due has a row."""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from time import monotonic_ns

from dashboard.wire.failure import Failure
from dashboard.wire.plan import Firing

from .connection import Connection
from .recorder import Recorder
from .request import encode_request

NS_PER_S = 1_000_000_000
SHORTEST_NAP_S = 0.001  # uvloop's timers know milliseconds
FIRST_ERROR_STATUS = 400
# Connections begun in one turn of the loop: between turns requests leave on those that are
# made, answers are read, and Stop is heard, however many are wanted.
OPENED_AT_ONCE = 32
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)
FINE, BAD_STATUS = int(Failure.NONE), int(Failure.STATUS)  # at hand: an enum is slow to ask


class Burst:
    """One firing. Connections report to it, and it decides what is fired next."""

    def __init__(self, firing: Firing) -> None:
        self.origin_ns = monotonic_ns()
        self.request_bytes = encode_request(firing)
        self.recorder = Recorder(firing, self.origin_ns)
        self.stopped = False
        self._firing = firing
        self._loop = asyncio.get_running_loop()
        self._timeout_ns = round(firing.timeout_s * NS_PER_S)
        self._next = 0
        self._end = firing.load.requests
        # Each connection in flight, and the task that makes or made it; None before its turn.
        self._flying: dict[Connection, asyncio.Task[None] | None] = {}
        self._to_open: deque[Connection] = deque()
        # The event loop keeps no strong reference to a task, so we do.
        self._connecting: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()

    async def fire(self) -> None:
        """Fire, and wait until every request that became due has its row. Then `close`."""
        alarm = self._loop.create_task(self._time_out())
        try:
            for _ in range(self._firing.load.concurrency):
                self._refill(0)
            await self._over.wait()
        finally:
            alarm.cancel()
            self.stop()

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""
        self.stopped |= not self._over.is_set()
        self._end = self._next
        for connection in list(self._flying):
            self.failed(connection, Failure.ABORTED)
        self._over.set()

    async def close(self) -> None:
        """Leave nothing behind: no connection that is still being made."""
        for task in self._connecting:
            task.cancel()
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def next_frame(self) -> bytes | None:
        """A frame of what is new: finished, or in flight; None when nothing is."""
        return self.recorder.samples() or self.recorder.begun(self._flying)

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """A whole answer came; the slot is free, and on the same connection if that is open."""
        status = connection.status
        error = BAD_STATUS if status >= FIRST_ERROR_STATUS else FINE
        self.recorder.finish(connection, done, status, error)
        request = self._next
        if reusable and request < self._end:
            self._next = request + 1
            connection.send_next(request, done)
        else:
            self._drop(connection)
            self._refill(done)

    def failed(self, connection: Connection, failure: Failure) -> None:
        """No answer will come; the slot is free."""
        done = monotonic_ns() - self.origin_ns
        self.recorder.finish(connection, done, 0, failure)
        self._drop(connection)
        self._refill(done)

    def _drop(self, connection: Connection) -> None:
        connection.drop()
        task = self._flying.pop(connection)
        # When nothing more becomes due `close` comes soon, and does it: `fire` would wait
        # behind thousands of tasks that end, for 0.2 s after a Stop.
        if task and self._next < self._end:
            task.cancel()

    def _refill(self, due: int) -> None:
        """A slot became free at `due` and has no connection."""
        if self._next < self._end:
            connection = Connection(self, self._next, due)
            self._next += 1
            self._flying[connection] = None
            if not self._to_open:
                self._loop.call_soon(self._open_some)
            self._to_open.append(connection)
        elif not self._flying:
            self._over.set()

    def _open_some(self) -> None:
        for _ in range(min(OPENED_AT_ONCE, len(self._to_open))):
            connection = self._to_open.popleft()
            if connection.busy:  # it may have been stopped or timed out in the queue
                connection.connecting = monotonic_ns() - self.origin_ns
                task = self._loop.create_task(self._connect(connection))
                self._flying[connection] = task
                self._connecting.add(task)
                task.add_done_callback(self._connecting.discard)
        if self._to_open:
            self._loop.call_soon(self._open_some)

    async def _connect(self, connection: Connection) -> None:
        try:
            await self._loop.create_connection(
                lambda: connection, self._firing.host, self._firing.port
            )
        except Exception as error:
            if connection.busy:
                self.failed(connection, connecting_failure(error))

    async def _time_out(self) -> None:
        """Give up whatever was due too long ago; sleeps until the oldest in flight would be."""
        while True:
            now = monotonic_ns() - self.origin_ns
            for connection in list(self._flying):
                if connection.due + self._timeout_ns <= now:
                    self.failed(connection, Failure.TIMEOUT)
            oldest = min((connection.due for connection in self._flying), default=now)
            nap_s = (oldest + self._timeout_ns - now) / NS_PER_S
            await asyncio.sleep(max(nap_s, SHORTEST_NAP_S))


def connecting_failure(error: Exception) -> Failure:
    """Why a connection could not be made."""
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(error, ConnectionResetError):
        return Failure.RESET
    if isinstance(error, OSError) and error.errno in NO_DESCRIPTORS:
        return Failure.NO_DESCRIPTORS
    return Failure.UNREACHABLE
