"""How much of what lies between two lanes each quantity explains.

A burst. By Little's law the makespan is exactly N · v / L: requests, times the mean time in the
view, over how many were in the view at a time on average. So one asks: had the slower lane had
the faster one's L (or its v), how much of the gap between the two makespans would be gone?
CPU is asked in the same way: the makespan that its CPU time alone would take on the cores it can
use, next to the faster lane's.

A rate. There the slowest twentieth of the requests decide, so the mean segments of these are
compared, and the share is that of the gap between the two 95th percentiles.

Shares are cut to 0 … 1. They need not add up to 1: two quantities may each be enough to close
the gap, and a part of it may stay unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.loop_holds import OTHER
from dashboard.analysis.samples.resource_use import NOTHING

# Where a request waits for its turn: for a worker, for a loop that somebody holds.
WAITING_SEGMENTS = ("server", "framework", "delivery")
IN_TARGET = (*WAITING_SEGMENTS, "view")


@dataclass(frozen=True)
class Gap:
    """Between a slower lane and a faster one. Shares are None where they cannot be told."""

    slow: LaneMetrics
    fast: LaneMetrics

    @cached_property
    def width(self) -> float:
        """How far apart they are, in the deciding metric's own unit."""
        return self.slow.mean - self.fast.mean

    @property
    def by_concurrency(self) -> float | None:
        """The share that would be gone if as many were in the view at a time."""
        if self.slow.load.kind == "rate":
            return self._in_tail(WAITING_SEGMENTS)
        slow, fast = self.slow.concurrency.mean_in_view, self.fast.concurrency.mean_in_view
        if slow is None or not fast:
            return None
        return self._share(self.slow.mean * (1 - slow / fast))

    @property
    def by_view(self) -> float | None:
        """The share that would be gone if the view took as long."""
        if self.slow.load.kind == "rate":
            return self._in_tail(("view",))
        slow, fast = self.slow.times.view_s, self.fast.times.view_s
        if not slow or fast is None:
            return None
        return self._share(self.slow.mean * (1 - fast / slow))

    @property
    def by_service(self) -> float | None:
        """The share that would be gone if an answer took as long, wherever that time goes."""
        if self.slow.load.kind == "rate":
            return self._in_tail(IN_TARGET)
        slow, fast = self.slow.times.service_s, self.fast.times.service_s
        if not slow or fast is None:
            return None
        return self._share(self.slow.mean * (1 - fast / slow))

    @property
    def by_cpu(self) -> float | None:
        """The share that would be gone if a request cost as much CPU."""
        if self.slow.load.kind == "rate":
            return self._in_tail(IN_TARGET)
        slow, fast = self.slow.resources.cpu_alone, self.fast.resources.cpu_alone
        return None if slow is None or fast is None else self._share(slow.beyond(fast))

    def by_cpu_up_to(self, most_s: float) -> float | None:
        """The part of `by_cpu` that so many seconds of CPU time a request explain."""
        share, slow, fast = self.by_cpu, self.slow.resources.cpu, self.fast.resources.cpu
        if share is None or slow is None:
            return share
        more_s = slow.beyond(fast or NOTHING)
        return share * min(1.0, most_s / more_s) if more_s > 0 else 0.0

    @property
    def by_waiting(self) -> float | None:
        """What a longer view explains beyond CPU, since it is longer on a busy core too."""
        if self.slow.load.kind == "rate" or self.by_view is None:
            return self.by_view
        return max(0.0, self.by_view - (self.by_cpu or 0))

    def by_holder(self, holder: str) -> float | None:
        """The share that would be gone had this holder had the loop for as long as in the other.

        What other processes of the machine took from the target's cores looks like a hold that
        is nobody's, so of those as much as they took is left out.
        """
        if self.slow.load.kind == "rate":
            return self._in_tail(WAITING_SEGMENTS)
        return self._share(_held_s(self.slow, holder) - _held_s(self.fast, holder))

    def by_length(self, length_s: float) -> float | None:
        """The share that so many seconds of each request's time in the view explain."""
        if self.slow.load.kind == "rate":
            return self._share(1000 * min(length_s, self.slow.times.tail_s.get("view", 0)))
        view_s = self.slow.times.view_s
        return self._share(self.slow.mean * min(1, length_s / view_s)) if view_s else None

    def _in_tail(self, names: tuple[str, ...]) -> float | None:
        slow, fast = self.slow.times.tail_s, self.fast.times.tail_s
        known = [name for name in names if name in slow and name in fast]
        if not known:
            return None
        return self._share(1000 * sum(slow[name] - fast[name] for name in known))

    def _share(self, explained: float) -> float | None:
        if self.width <= 0:
            return None
        return min(1.0, max(0.0, explained / self.width))


def _held_s(metrics: LaneMetrics, holder: str) -> float:
    """How long a round it had the loop."""
    held, rounds = metrics.loop.holds.get(holder), len(metrics.makespans_s)
    if held is None or not rounds:
        return 0.0
    shares = metrics.resources.cpu_shares if holder == OTHER else None
    taken_s = shares.most_taken * sum(metrics.makespans_s) if shares else 0.0
    return max(0.0, held.sum_s - taken_s) / rounds
