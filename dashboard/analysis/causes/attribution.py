"""How much of the gap between two lanes each quantity explains.

For a burst the total time is exactly N · v / L, by Little's law (Little 1961): requests, times the
mean time in the view, over the mean number of requests in the view. So the question is: with the
faster lane's L (or v), how much of the gap between the two total times would be gone? CPU is
treated in the same way: the total time that its CPU time alone would take on the cores it can use.

For a rate the slowest twentieth of the requests decides, so the mean segments of these are
compared, and the share is that of the gap between the two 95th percentiles.

Shares are limited to 0 … 1. They need not add up to 1: each of two quantities may be enough to
close the gap, and a part of it may remain unexplained.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.samples.resource_use import NOTHING
from dashboard.wire.units import MS_PER_S

# Where a request waits for its turn: for a worker, or for a loop that is held.
WAITING_SEGMENTS = ("server", "framework", "delivery")
IN_TARGET = (*WAITING_SEGMENTS, "view")


@dataclass(frozen=True)
class Gap:
    """The gap between a slower lane and a faster one. Shares are None if they are unknown."""

    slow: LaneMetrics
    fast: LaneMetrics

    @cached_property
    def width(self) -> float:
        """The difference of the deciding metric, in its own unit."""
        return self.slow.mean - self.fast.mean

    @property
    def by_concurrency(self) -> float | None:
        """The share that would be gone with as many requests in the view at a time."""
        if self.slow.load.kind == "rate":
            return self._in_tail(WAITING_SEGMENTS)
        slow, fast = self.slow.concurrency.mean_in_view, self.fast.concurrency.mean_in_view
        if slow is None or not fast:
            return None
        return self._share(self.slow.mean * (1 - slow / fast))

    @property
    def by_view(self) -> float | None:
        """The share that would be gone if the view took as long as the faster lane's."""
        if self.slow.load.kind == "rate":
            return self._in_tail(("view",))
        slow, fast = self.slow.times.view_s, self.fast.times.view_s
        if not slow or fast is None:
            return None
        return self._share(self.slow.mean * (1 - fast / slow))

    @property
    def by_service(self) -> float | None:
        """The share that would be gone with the same service time, wherever it is spent."""
        if self.slow.load.kind == "rate":
            return self._in_tail(IN_TARGET)
        slow, fast = self.slow.times.service_s, self.fast.times.service_s
        if not slow or fast is None:
            return None
        return self._share(self.slow.mean * (1 - fast / slow))

    @property
    def by_cpu(self) -> float | None:
        """The share that would be gone if a request cost as much CPU as the faster lane's."""
        if self.slow.load.kind == "rate":
            return self._in_tail(IN_TARGET)
        slow, fast = self.slow.resources.cpu_alone, self.fast.resources.cpu_alone
        return None if slow is None or fast is None else self._share(slow.beyond(fast))

    def by_cpu_up_to(self, most_s: float) -> float | None:
        """Return the part of `by_cpu` that this much CPU time per request explains, at most."""
        share, slow, fast = self.by_cpu, self.slow.resources.cpu, self.fast.resources.cpu
        if share is None or slow is None:
            return share
        more_s = slow.beyond(fast or NOTHING)
        return share * min(1.0, most_s / more_s) if more_s > 0 else 0.0

    @property
    def by_waiting(self) -> float | None:
        """What a longer view explains beyond CPU, since a busy core makes it longer too."""
        if self.slow.load.kind == "rate" or self.by_view is None:
            return self.by_view
        return max(0.0, self.by_view - (self.by_cpu or 0))

    def by_holder(self, holder: str) -> float | None:
        """Return the share that would be gone if this holder held the loop as in the other lane.

        What other processes of the machine took from the target's cores looks like a hold outside
        of requests, so that much is subtracted from those.
        """
        if self.slow.load.kind == "rate":
            return self._in_tail(WAITING_SEGMENTS)
        return self._share(_held_s(self.slow, holder) - _held_s(self.fast, holder))

    @property
    def loop_held_share(self) -> float:
        """The part of the slower lane's total time for which its own code held the event loop."""
        total_s, holds = sum(self.slow.makespans_s), self.slow.loop.holds
        held_s = sum(holds[holder].sum_s for holder in (VIEW, AROUND) if holder in holds)
        return min(1.0, held_s / total_s) if total_s else 0.0

    def by_length(self, length_s: float) -> float | None:
        """Return the share that so many seconds of each request's time in the view explain."""
        if self.slow.load.kind == "rate":
            return self._share(MS_PER_S * min(length_s, self.slow.times.tail_s.get("view", 0)))
        view_s = self.slow.times.view_s
        return self._share(self.slow.mean * min(1, length_s / view_s)) if view_s else None

    def _in_tail(self, names: tuple[str, ...]) -> float | None:
        slow, fast = self.slow.times.tail_s, self.fast.times.tail_s
        shared = [name for name in names if name in slow and name in fast]
        if not shared:
            return None
        return self._share(MS_PER_S * sum(slow[name] - fast[name] for name in shared))

    def _share(self, explained: float) -> float | None:
        if self.width <= 0:
            return None
        return min(1.0, max(0.0, explained / self.width))


def _held_s(metrics: LaneMetrics, holder: str) -> float:
    """Return for how long per round it held the loop."""
    held, rounds = metrics.loop.holds.get(holder), len(metrics.makespans_s)
    if held is None or not rounds:
        return 0.0
    shares = metrics.resources.cpu_shares if holder == OTHER else None
    taken_s = shares.most_taken * sum(metrics.makespans_s) if shares else 0.0
    return max(0.0, held.sum_s - taken_s) / rounds
