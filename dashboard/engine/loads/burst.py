"""A closed load: N requests in all, at most C in flight."""

from __future__ import annotations

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.connection_class import connection_class
from dashboard.wire.plan.plan import Firing

from .driver import Driver


class BurstDriver(Driver[Connection]):
    """Has C slots. When one becomes free the next request is due, and is sent at once."""

    def __init__(self, firing: Firing) -> None:
        super().__init__(firing)
        self._connection_class = connection_class(firing.request_mode)

    def _start(self) -> None:
        for _ in self.firing.slots:
            self._refill(0)

    def response_received(self, connection: Connection) -> None:
        """Record a response; send the next request, on the same connection if it is reusable."""
        record = connection.record
        self.recorder.add(record)
        place = self._next
        if connection.reusable and place < self._end:
            self._next = place + 1
            connection.send_next(self._numbers[place], record.done)
        else:
            self._abort(connection)
            self._refill(record.done)

    def _refill(self, due: int) -> None:
        if self._next < self._end:
            connection = self._connection_class(self, self._numbers[self._next], due)
            self._next += 1
            self._open(connection)
        elif not self._in_flight:
            self._over.set()
