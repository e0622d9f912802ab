"""An open load: each request is due when the schedule says so, whether answers come or not."""

from __future__ import annotations

from time import monotonic_ns

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.keepalive import kept_class
from dashboard.engine.timing.alarm import make_alarm
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Firing, Rate

from .driver import OPENED_AT_ONCE, Driver

# Requests fired in one turn of the loop. An engine that was held up has many to fire; between
# turns it reads the answers, and so has connections again instead of opening thousands.
FIRED_AT_ONCE = OPENED_AT_ONCE


class RateDriver(Driver):
    """Fires by the schedule, on an open connection where one is idle, else on a new one.

    Of several that are idle the one used last is taken, so that no more stay in use than are
    needed. One that the server closes while it is idle just leaves; a request that crosses
    with the closing has failed, as it would have for any client.

    When as many are in flight as may be, requests wait, the oldest first. Their `due` stands.
    """

    def __init__(self, firing: Firing, load: Rate) -> None:
        self._due = schedule(load, firing.seed)  # before the origin: it takes its time
        super().__init__(firing)
        self._connection = kept_class(firing.manner)
        self._most = len(firing.slots)
        self._idle: dict[Connection, None] = {}  # in the order of their last use
        self._full_until = UNKNOWN  # when a slot became free that had been waited for
        self._held_back: set[int] = set()  # the requests that waited for one
        self._alarm = make_alarm(self._fire_due)

    def _begin(self) -> None:
        self._fire_due()

    def fire_no_more(self) -> None:
        """Nothing else becomes due; what is in flight goes on."""
        self._end = self._next
        self._alarm.cancel()
        self._end_if_over()

    def stop(self) -> None:
        """Record as aborted what is in flight or waits; nothing more becomes due."""
        self._abandon(monotonic_ns() - self.origin_ns, Failure.ABORTED)
        super().stop()
        self._alarm.close()
        for connection in list(self._idle):
            connection.drop()

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        """A whole answer came; the connection is kept for another request if it is open."""
        self.recorder.finish(connection, done, connection.status, connection.failure)
        if reusable:
            del self._in_flight[connection]
            connection.busy = False
            self._idle[connection] = None
        else:
            self._drop(connection)
        self._refill(done)

    def left(self, connection: Connection) -> None:
        """An idle connection is of no more use."""
        self._idle.pop(connection, None)

    def scheduling_errors_ns(self) -> list[int]:
        """How late each request was taken up that did not have to wait for a slot, ascending.

        Sent − due on a connection that was open, and connecting − due where one had to be made:
        the time that connecting takes is the target's. Where no connection was even begun (it
        was stopped or given up before) nothing is known.
        """
        columns = self.recorder.columns(0, self.recorder.rows)
        names = ("request", "due", "connecting", "sent_first")
        return sorted(
            (sent if connecting == UNKNOWN else connecting) - due
            for request, due, connecting, sent in zip(*(columns[n] for n in names), strict=True)
            if max(connecting, sent) != UNKNOWN and request not in self._held_back
        )

    def _refill(self, due: int) -> None:
        if len(self._in_flight) == self._most - 1:  # it was full, so whatever is due has waited
            self._full_until = due
            self._fire_due()
        else:
            self._end_if_over()

    def _fire_due(self) -> None:
        """Fire what is due and finds a slot, and set the alarm for what is due next."""
        now = monotonic_ns() - self.origin_ns
        for _ in range(FIRED_AT_ONCE):
            if self._next == self._end or len(self._in_flight) == self._most:
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
            self._fire(request, due)
        self._alarm.set(self.origin_ns + now)  # there may be more

    def _end_if_over(self) -> None:
        if self._next == self._end and not self._in_flight:
            self._over.set()

    def _fire(self, request: int, due: int) -> None:
        if self._idle:
            connection, _ = self._idle.popitem()
            self._in_flight[connection] = None
            connection.send_next(request, due)
        else:
            self._open(self._connection(self._reported, request, due))

    def _give_up(self, now: int) -> int:
        """As ever, but those in flight stand in the order of their `due`: there may be many."""
        self._abandon(now - self._timeout_ns, Failure.TIMEOUT)
        while self._in_flight:
            oldest = next(iter(self._in_flight))
            if oldest.due + self._timeout_ns > now:
                return oldest.due
            self.failed(oldest, Failure.TIMEOUT)
        return now

    def _abandon(self, until: int, failure: Failure) -> None:
        """Record what was due until then, and has waited for a slot in vain."""
        done = monotonic_ns() - self.origin_ns
        while self._next < self._end:
            request = self._numbers[self._next]
            if self._due[request] > until:
                return
            never_sent = self._connection(self._reported, request, self._due[request])
            self.recorder.finish(never_sent, done, 0, failure)
            self._next += 1
