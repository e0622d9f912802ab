"""A firing by a client library: who is due, exactly one row for each, Stop, frames.

Workers, as many as may be in flight, take one request after another: tasks for an async
client, threads for the other. Each starts the next worker just before it fires, so there are
never more than the load needs. In an open load a worker first waits for its request's `due`.
"""

from __future__ import annotations

import asyncio
import gc
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from time import monotonic_ns

from dashboard.engine.http.outcome import outcome_of
from dashboard.engine.http.probe_header import NO_STAMPS, PROBE_HEADER, placed
from dashboard.engine.http.request import encode_target
from dashboard.engine.recording.recorder import Recorder, Stamps
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.plan import Firing, Rate
from dashboard.wire.units import NS_PER_S


@dataclass(slots=True, eq=False)
class Call:
    """One request in a client's hands; instants since the origin, UNKNOWN until they are."""

    request: int
    due: int
    connecting: int = UNKNOWN
    sent_first: int = UNKNOWN
    sent: int = UNKNOWN
    first_byte: int = UNKNOWN  # no client tells: they hand out a head that they have read
    done: int = UNKNOWN
    status: int = 0
    location: str = ""  # where a redirect leads
    stamps: Stamps = NO_STAMPS
    told: tuple[int, int] = (UNKNOWN, UNKNOWN)


class ClientDriver(ABC):
    """What child and command line see of any driver. Workers may live in other threads."""

    def __init__(self, firing: Firing) -> None:
        # Before the origin: it takes its time.
        self._schedule = (
            schedule(firing.load, firing.seed) if isinstance(firing.load, Rate) else None
        )
        self.stopped = False
        self._firing = firing
        self._loop = asyncio.get_running_loop()
        self._timeout_ns = round(firing.timeout_s * NS_PER_S)
        self._next = 0
        self._workers = 0
        self._calls: dict[Call, None] = {}  # taken by a worker, and not recorded yet
        self._lock = Lock()  # of all the above, and of the recorder
        self._over = asyncio.Event()
        self.origin_ns = monotonic_ns()
        self.recorder = Recorder(firing, self.origin_ns)

    # What a client decides

    @abstractmethod
    def _start_worker(self) -> None:
        """Start a task or a thread that takes requests until there are no more."""

    @abstractmethod
    async def close(self) -> None:
        """Leave nothing behind that can be ended at once."""

    # For whoever fires

    def begin_at(self, origin_ns: int) -> None:
        """Its origin is this instant, and not when it was made. Before `fire`."""
        self.origin_ns = self.recorder.origin_ns = origin_ns

    async def fire(self) -> None:
        """Fire, and wait until every request that became due has its row. Then `close`."""
        gc.enable()  # each request of a library leaves cycles behind
        try:
            self._grow()
            await self._over.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """Record as aborted what is in flight, or due and not begun; nothing more becomes due."""
        now = self.now()
        with self._lock:
            if self._over.is_set():
                return
            self.stopped = True
            self._over.set()
            while self._workers and self._next < self._due_until(now):
                self._take_next(now)
            due = [call for call in self._calls if call.due <= now]
        for call in due:
            self._finish(call, Failure.ABORTED)

    def next_frame(self) -> bytes | None:
        """A frame of what is new: finished, or in flight; None when nothing is."""
        now = self.now()
        with self._lock:
            due = [call for call in self._calls if call.due <= now]
            return self.recorder.samples() or self.recorder.begun(due)

    def scheduling_errors_ns(self) -> list[int] | None:
        """A client keeps no schedule so exactly that it would be worth a number."""
        return None

    # For workers, from any thread

    def now(self) -> int:
        """Nanoseconds since the origin."""
        return monotonic_ns() - self.origin_ns

    def url(self) -> str:
        """What to ask for, percent-encoded."""
        scheme = "https" if self._firing.tls else "http"
        host = f"[{self._firing.host}]" if ":" in self._firing.host else self._firing.host
        return f"{scheme}://{host}:{self._firing.port}{encode_target(self._firing)}"

    def headers(self) -> list[tuple[str, str]]:
        """The firing's own headers; the client adds those that it always sends."""
        closing = [] if self._firing.keep_alive else [("Connection", "close")]
        return [*closing, *self._firing.headers]

    def body(self) -> bytes | None:
        """None where there is none."""
        return self._firing.body.encode() or None

    def read_head(self, call: Call, headers: Mapping[str, str]) -> None:
        """Take over what an answer's head says: the probe's stamps, where a redirect leads."""
        call.location = headers.get("location", "")
        header = headers.get(PROBE_HEADER)
        if header is not None:
            value = header.encode("ascii", "replace")
            call.stamps = placed(value, self.origin_ns, call.sent_first, self.now())

    def _grow(self) -> None:
        """One worker more, unless there are as many as may be in flight."""
        with self._lock:
            grows = self._workers < self._firing.load.concurrency
            grows = grows and self._next < self._firing.load.requests
            self._workers += grows
        if grows:
            self._start_worker()

    def _take(self, free: int) -> Call | None:
        """The next request, for a worker that is free since `free`; None when there is none."""
        with self._lock:
            if self._over.is_set() or self._next == self._firing.load.requests:
                return None
            return self._take_next(free)

    def _take_next(self, free: int) -> Call:
        number = self._next
        self._next += 1
        if self._schedule is not None:
            call = Call(number, self._schedule[number])
        else:  # a burst's first are due at once, however long a worker takes to be there
            call = Call(number, 0 if number < self._firing.load.concurrency else free)
        self._calls[call] = None
        return call

    def _due_until(self, now: int) -> int:
        """The number of the first request that is not due."""
        load = self._firing.load
        if self._schedule is not None:
            return bisect_right(self._schedule, now)
        return min(load.requests, self.recorder.rows + load.concurrency)

    def _begin(self, call: Call) -> bool:
        """Whether this call, which is due now, is to be made: not so after a Stop."""
        self._grow()
        return call in self._calls and not self._over.is_set()

    def _finish(self, call: Call, failure: Failure = Failure.NONE) -> None:
        """Record how a call ended, unless somebody else has."""
        call.done = self.now()
        with self._lock:
            if call not in self._calls:
                return
            del self._calls[call]
            if not failure:
                path = encode_target(self._firing)
                failure = outcome_of(call.status, call.stamps[1], call.location, path)
            self.recorder.finish(call, call.done, call.status, failure)
            over = self.recorder.rows == self._firing.load.requests
        if over:
            self._loop.call_soon_threadsafe(self._over.set)

    def _left_s(self, call: Call) -> float:
        """How long it may take from now on; timeouts count from `due`."""
        return (call.due + self._timeout_ns - self.now()) / NS_PER_S
