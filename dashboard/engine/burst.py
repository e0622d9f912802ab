"""A closed load: N requests in all, at most C in flight, until each that was due has a row."""

from __future__ import annotations

import asyncio
import errno
from time import monotonic_ns

from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Firing

from .connection import FIRST_ERROR_STATUS, Connection
from .recorder import Recorder
from .request import encode_request

NS_PER_S = 1_000_000_000
NO_DESCRIPTORS = (errno.EMFILE, errno.ENFILE)


class Burst:
    """One firing. Connections report to it, and it decides what is fired next."""

    def __init__(self, firing: Firing) -> None:
        self._firing = firing
        self._loop = asyncio.get_running_loop()
        self._timeout_ns = round(firing.timeout_s * NS_PER_S)
        self._next = 0
        # In the order in which they became due: the first is the next to time out.
        self._flying: dict[Connection, None] = {}
        # The event loop keeps no strong reference to a task, so we do.
        self._connecting: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self.stopped = False
        self.request_bytes = encode_request(firing)
        self.recorder = Recorder(firing, monotonic_ns())

    async def fire(self) -> None:
        """Fire, and wait until every request that became due has its row."""
        origin = self.recorder.origin_ns
        for _ in range(self._firing.load.concurrency):
            self._open(origin)
        alarm = self._loop.create_task(self._time_out())
        try:
            await self._over.wait()
        finally:
            alarm.cancel()

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""
        self.stopped = True
        for connection in list(self._flying):
            self.failed(connection, Failure.ABORTED)
        self._over.set()

    def sent(self, connection: Connection) -> None:
        """A request that had to wait for its connection has left."""
        self.recorder.begin(connection.request, connection.due, connection.sent)

    def answered(self, connection: Connection, status: int, done: int, *, reusable: bool) -> None:
        """A whole answer came; the slot is free, and on the same connection if that is open."""
        failure = Failure.STATUS if status >= FIRST_ERROR_STATUS else Failure.NONE
        self._record(connection, done, status, failure)
        if reusable and self._more():
            connection.begin(self._take(), done)
            self._flying[connection] = None
            connection.send()
            self.recorder.begin(connection.request, done, connection.sent)
        else:
            connection.drop()
            self._refill(done)

    def failed(self, connection: Connection, failure: Failure) -> None:
        """No answer will come; the slot is free."""
        done = monotonic_ns()
        self._record(connection, done, 0, failure)
        connection.drop()
        self._refill(done)

    def _more(self) -> bool:
        return self._next < self._firing.load.requests and not self.stopped

    def _take(self) -> int:
        request = self._next
        self._next = request + 1
        return request

    def _record(self, connection: Connection, done: int, status: int, failure: Failure) -> None:
        del self._flying[connection]
        self.recorder.finish(*connection.row(), done, status, failure)

    def _refill(self, due: int) -> None:
        """A slot became free at `due` and has no connection."""
        if self._more():
            self._open(due)
        elif not self._flying:
            self._over.set()

    def _open(self, due: int) -> None:
        connection = Connection(self, self._take(), due)
        self._flying[connection] = None
        self.recorder.begin(connection.request, due, UNKNOWN)
        task = self._loop.create_task(self._connect(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, connection: Connection) -> None:
        try:
            await self._loop.create_connection(
                lambda: connection, self._firing.host, self._firing.port
            )
        except OSError as error:
            if connection.busy:
                self.failed(connection, connecting_failure(error))

    async def _time_out(self) -> None:
        """Give up whatever was due too long ago; sleeps until the oldest in flight would be."""
        while True:
            now = monotonic_ns()
            deadline = now + self._timeout_ns
            for connection in list(self._flying):
                deadline = connection.due + self._timeout_ns
                if deadline > now:
                    break
                self.failed(connection, Failure.TIMEOUT)
            await asyncio.sleep(max(deadline - now, 0) / NS_PER_S)


def connecting_failure(error: OSError) -> Failure:
    """Why a connection could not be made."""
    if isinstance(error, ConnectionRefusedError):
        return Failure.REFUSED
    if isinstance(error, ConnectionResetError):
        return Failure.RESET
    return Failure.NO_DESCRIPTORS if error.errno in NO_DESCRIPTORS else Failure.UNREACHABLE
