"""One firing by a client library: which request is due, one row for each, Stop and frames.

Workers take one request after another, as many at once as may be in flight: tasks for an async
client, threads for a sync one. Each worker starts the next one just before its own call, so there
are never more than the load needs. In an open load a worker first waits for its request's `due`.
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
from dashboard.engine.http.probe_header import PROBE_HEADER, valid_stamps
from dashboard.engine.http.request import encode_target
from dashboard.engine.recording.recorder import Recorder
from dashboard.engine.recording.request_record import RequestRecord
from dashboard.engine.timing.schedule import schedule
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.units import NS_PER_S


@dataclass(slots=True, eq=False)
class Call(RequestRecord):
    """One request made by a client. `first_byte` stays UNKNOWN: clients return read heads."""

    location: str = ""  # where a redirect leads


class ClientDriver(ABC):
    """Drives one firing by a client library. Its workers may be other threads."""

    def __init__(self, firing: Firing) -> None:
        # Before the origin: it takes a while.
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
        self.recorder = Recorder.of(firing, self.origin_ns)

    # What a client decides

    @abstractmethod
    def _start_worker(self) -> None:
        """Start a task or a thread that takes requests until there are no more."""

    @abstractmethod
    async def close(self) -> None:
        """Release all that can be released without waiting for a response."""

    # For the process that fires

    def set_origin(self, origin_ns: int) -> None:
        """Replace the origin, which is the instant of creation by default. Before `fire`."""
        self.origin_ns = self.recorder.origin_ns = origin_ns

    async def fire(self) -> None:
        """Fire, and return when every request that became due has its row. Then `close`."""
        gc.enable()  # a library leaves cycles behind with each request
        try:
            self._add_worker()
            await self._over.wait()
        finally:
            self.stop()

    def stop(self) -> None:
        """Record as aborted what is in flight, or due and not sent; nothing more becomes due."""
        now = self.now()
        with self._lock:
            if self._over.is_set():
                return
            self.stopped = True
            self._over.set()
            while self._workers and self._next < self._due_count(now):
                self._take_next(now)
            due = [call for call in self._calls if call.due <= now]
        for call in due:
            self._finish(call, Failure.ABORTED)

    @property
    def in_flight(self) -> int:
        """The number of requests that a worker has taken and not recorded yet."""
        return len(self._calls)

    def next_frame(self) -> bytes | None:
        """Return a frame of what has finished since the last one; None if nothing has."""
        with self._lock:
            return self.recorder.samples()

    def begun_frame(self) -> bytes | None:
        """Return a frame of what began, complete up to now; None once the firing is over.

        Call when `next_frame` has returned None. A call that another thread has just stamped as
        done and not recorded yet is still in flight here.
        """
        now = self.now()
        with self._lock:
            if self._over.is_set() or self.recorder.has_rows:
                return None
            return self.recorder.begun([call for call in self._calls if call.due <= now], now)

    def scheduling_errors_ns(self) -> list[int] | None:
        """Return None: no client keeps a schedule precisely enough to report it."""
        return None

    # For workers, in any thread

    def now(self) -> int:
        """Return the nanoseconds since the origin."""
        return monotonic_ns() - self.origin_ns

    def url(self) -> str:
        """Return the URL to request, percent-encoded."""
        scheme = "https" if self._firing.tls else "http"
        host = f"[{self._firing.host}]" if ":" in self._firing.host else self._firing.host
        return f"{scheme}://{host}:{self._firing.port}{encode_target(self._firing)}"

    def headers(self) -> list[tuple[str, str]]:
        """Return the firing's own headers; the client adds those that it always sends."""
        closing = [] if self._firing.keep_alive else [("Connection", "close")]
        return [*closing, *self._firing.headers]

    def body(self) -> bytes | None:
        """Return the body of a request; None if it has none."""
        return self._firing.body.encode() or None

    def read_head(self, call: Call, headers: Mapping[str, str]) -> None:
        """Read the probe's stamps, and a redirect's target, from a response's head."""
        call.location = headers.get("location", "")
        header = headers.get(PROBE_HEADER)
        if header is not None:
            value = header.encode("ascii", "replace")
            call.stamps = valid_stamps(value, self.origin_ns, call.sent_first, self.now())

    def _add_worker(self) -> None:
        """Start one more worker, unless there are as many as may be in flight."""
        with self._lock:
            wanted = self._workers < self._firing.load.concurrency
            wanted = wanted and self._next < self._firing.load.requests
            self._workers += wanted
        if wanted:
            self._start_worker()

    def _take(self, free: int) -> Call | None:
        """Return the next request, for a worker free since `free`; None if there is none."""
        with self._lock:
            if self._over.is_set() or self._next == self._firing.load.requests:
                return None
            return self._take_next(free)

    def _take_next(self, free: int) -> Call:
        request = self._next
        self._next += 1
        if self._schedule is not None:
            call = Call(request, self._schedule[request])
        else:  # a burst's first are due at the origin, however long a worker takes to start
            call = Call(request, 0 if request < self._firing.load.concurrency else free)
        self._calls[call] = None
        return call

    def _due_count(self, now: int) -> int:
        """Return how many requests have become due."""
        load = self._firing.load
        if self._schedule is not None:
            return bisect_right(self._schedule, now)
        return min(load.requests, self.recorder.rows + load.concurrency)

    def _begin(self, call: Call) -> bool:
        """Return whether to make this call, which is due now: not after a Stop."""
        self._add_worker()
        return call in self._calls and not self._over.is_set()

    def _finish(self, call: Call, failure: Failure = Failure.NONE) -> None:
        """Record how a call ended, unless `stop` already has."""
        call.done = self.now()
        with self._lock:
            if call not in self._calls:
                return
            del self._calls[call]
            if not failure:
                target = encode_target(self._firing)
                failure = outcome_of(call.status, call.stamps[1], call.location, target)
            call.error = int(failure)
            self.recorder.add(call)
            over = self.recorder.rows == self._firing.load.requests
        if over:
            self._loop.call_soon_threadsafe(self._over.set)

    def _time_left_s(self, call: Call) -> float:
        """Return how long a call may still take; timeouts count from `due`."""
        return (call.due + self._timeout_ns - self.now()) / NS_PER_S
