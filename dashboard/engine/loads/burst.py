"""A closed load: N requests in all, at most C in flight, until each that was due has a row."""

from __future__ import annotations

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.keepalive import connection_class
from dashboard.wire.plan import Firing

from .driver import Driver


class BurstDriver(Driver):
    """C slots. When one is free the next request is due, and takes it at once."""

    def __init__(self, firing: Firing) -> None:
        super().__init__(firing)
        self._connection = connection_class(firing.manner)

    def _begin(self) -> None:
        for _ in self._firing.slots:
            self._refill(0)

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """A whole answer came; the slot is free, and on the same connection if that is open."""
        self.recorder.finish(connection, done, connection.status, connection.failure)
        place = self._next
        if reusable and place < self._end:
            self._next = place + 1
            connection.send_next(self._numbers[place], done)
        else:
            self._drop(connection)
            self._refill(done)

    def _refill(self, due: int) -> None:
        if self._next < self._end:
            connection = self._connection(self._reported, self._numbers[self._next], due)
            self._next += 1
            self._open(connection)
        elif not self._in_flight:
            self._over.set()
