"""An open load: each request is due by a schedule, whether or not responses arrive."""

from __future__ import annotations

from time import monotonic_ns

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.connection_class import connection_class
from dashboard.engine.recording.request_record import RequestRecord
from dashboard.engine.timing.alarm import make_alarm
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan.plan import Firing, Rate

from .driver import CONNECTS_PER_TURN, Driver

# Requests sent in one turn of the loop. A load generator that was held up has many to send;
# between turns it reads responses, and so reuses connections instead of opening thousands.
SENDS_PER_TURN = CONNECTS_PER_TURN


class RateDriver(Driver[Connection]):
    """Sends by the schedule, on an idle connection if there is one, else on a new one.

    Of several idle connections it takes the one used last, so that no more stay in use than are
    needed. A connection that the server closes while idle is forgotten; a request that crosses
    with the closing has failed, as with any client.

    While as many are in flight as the load allows, requests wait, the oldest first, and keep
    their `due`.
    """

    def __init__(self, firing: Firing, load: Rate) -> None:
        self._due = schedule(load, firing.seed)  # before the origin: it takes a while
        super().__init__(firing)
        self._connection_class = connection_class(firing.request_mode)
        self._max_in_flight = len(firing.slots)
        self._idle: dict[Connection, None] = {}  # in the order of their last use
        self._full_until = UNKNOWN  # when a slot last became free that requests waited for
        self._held_back: set[int] = set()  # numbers of the requests that waited for a slot
        self._alarm = make_alarm(self._send_due)

    def _start(self) -> None:
        self._send_due()

    def end_schedule(self) -> None:
        """Let nothing more become due; what is in flight continues."""
        self._end = self._next
        self._alarm.cancel()
        self._end_if_over()

    def stop(self) -> None:
        """Record what is in flight or waits as aborted; nothing more becomes due."""
        self._fail_waiting(monotonic_ns() - self.origin_ns, Failure.ABORTED)
        super().stop()
        self._alarm.close()
        for connection in list(self._idle):
            connection.abort()

    def response_received(self, connection: Connection) -> None:
        """Record a response; hold the connection for another request if it is reusable."""
        self.recorder.add(connection.record)
        if connection.reusable:
            del self._in_flight[connection]
            connection.hold()
            self._idle[connection] = None
        else:
            self._abort(connection)
        self._refill(connection.record.done)

    def idle_lost(self, connection: Connection) -> None:
        """Forget an idle connection, which cannot be used again."""
        self._idle.pop(connection, None)

    def scheduling_errors_ns(self) -> list[int]:
        """Return how late requests were sent that did not wait for a slot, ascending.

        Sent − due on an open connection; connecting − due on a new one, since the time to connect
        is the target's. A request that was stopped or timed out before either is left out.
        """
        columns = self.recorder.columns(0, self.recorder.rows)
        names = ("request", "due", "connecting", "sent_first")
        return sorted(
            (sent if connecting == UNKNOWN else connecting) - due
            for request, due, connecting, sent in zip(*(columns[n] for n in names), strict=True)
            if max(connecting, sent) != UNKNOWN and request not in self._held_back
        )

    def _refill(self, due: int) -> None:
        if len(self._in_flight) == self._max_in_flight - 1:  # it was full: what is due has waited
            self._full_until = due
            self._send_due()
        else:
            self._end_if_over()

    def _send_due(self) -> None:
        """Send what is due while there are slots, and set the alarm for the next request."""
        now = monotonic_ns() - self.origin_ns
        for _ in range(SENDS_PER_TURN):
            if self._next == self._end or len(self._in_flight) == self._max_in_flight:
                self._end_if_over()
                return
            request = self._numbers[self._next]
            due = self._due[request]
            if due > now:
                self._alarm.set(self.origin_ns + due)
                return
            if due < self._full_until:
                self._held_back.add(request)
            self._next += 1
            self._send(request, due)
        self._alarm.set(self.origin_ns + now)  # more may be due: in the loop's next turn

    def _end_if_over(self) -> None:
        if self._next == self._end and not self._in_flight:
            self._over.set()

    def _send(self, request: int, due: int) -> None:
        if self._idle:
            connection, _ = self._idle.popitem()
            self._in_flight[connection] = None
            connection.send_next(request, due)
        else:
            self._open(self._connection_class(self, request, due))

    def _time_out(self, now: int) -> int:
        """As in Driver, but in flight are ordered by `due` here, and there may be many."""
        self._fail_waiting(now - self._timeout_ns, Failure.TIMEOUT)
        while self._in_flight:
            oldest = next(iter(self._in_flight))
            if oldest.record.due + self._timeout_ns > now:
                return oldest.record.due
            self.request_failed(oldest, Failure.TIMEOUT)
        return now

    def _fail_waiting(self, until: int, failure: Failure) -> None:
        """Record the requests that became due up to `until` and never got a slot."""
        done = monotonic_ns() - self.origin_ns
        while self._next < self._end:
            request = self._numbers[self._next]
            if self._due[request] > until:
                return
            self.recorder.add(
                RequestRecord(request, self._due[request], done=done, error=int(failure))
            )
            self._next += 1
