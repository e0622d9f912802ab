"""The share of the available CPU that a target used, beside other processes on its cores.

The target's own CPU time comes from an exact clock. What its cores did otherwise is counted by the
kernel in ticks, over a window that begins before a firing and ends after it, so what others took
during the firing is only known between two bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.analysis.samples.resource_use import Amount

TICK_S = 0.01  # USER_HZ of Linux, in which /proc/stat counts
LEAST_TICKS = 10  # with fewer a share is unknown
# Beyond that others had what it left idle: the system gives each of two a half if both want it.
MOST_TAKEN = 0.5


@dataclass(frozen=True)
class Window:
    """How long a lane was fired, and what its cores did around that; None: it was not read.

    `wall_s` is the sum of its firings' makespans. `cores_s` of CPU time passed on all `cores`,
    of which `busy_s` were not idle; the lane can keep `usable_cores` of them busy.
    """

    firings: int
    wall_s: float
    usable_cores: float
    cores: float
    busy_s: float | None
    cores_s: float | None

    @property
    def _counts(self) -> bool:
        return self.wall_s >= LEAST_TICKS * TICK_S

    @property
    def others_known(self) -> bool:
        """True if a firing was long enough for ticks to show what others had."""
        long_enough = self.wall_s >= LEAST_TICKS * TICK_S * self.firings
        return self.busy_s is not None and bool(self.cores_s) and self._counts and long_enough

    def share(self, spent_s: float) -> float | None:
        """Return this CPU time as a share of the wall-clock capacity, 0 to 1."""
        if not self._counts or not self.usable_cores:
            return None
        return min(1.0, max(0.0, spent_s / (self.usable_cores * self.wall_s)))

    def taken(self, own_share: float, own_s: float) -> float:
        """Return the share that others had, if all they did is spread over the window."""
        others_s = (self.busy_s or 0.0) - own_s
        return _bounded(others_s / (self.cores_s or 1.0), own_share)

    def most_taken(self, own_share: float, own_s: float) -> float:
        """Return the upper bound: a tick more on each core and firing than was counted."""
        if self.busy_s is None or not self.cores_s:
            return 0.0
        others_s = self.busy_s - own_s + TICK_S * self.firings * self.cores
        return _bounded(others_s / self.cores_s, own_share)

    def least_taken(self, own_share: float, own_s: float) -> float:
        """Return the lower bound.

        Others may have run outside of the firings, on cores that the lane leaves free, and for a
        tick less on each core and firing than was counted.
        """
        others_s = (self.busy_s or 0.0) - own_s - TICK_S * self.firings * self.cores
        outside_s = max(0.0, (self.cores_s or 0.0) - self.cores * self.wall_s)
        spare_s = max(0.0, self.cores - self.usable_cores) * self.wall_s
        capacity_s = self.usable_cores * self.wall_s
        return _bounded((others_s - outside_s - spare_s) / capacity_s, own_share)


@dataclass(frozen=True)
class CpuShare:
    """The shares of one lane, each 0 to 1; `own` and `taken` together are at most 1.

    `own` is a share of all that its cores could do, `corrected` of what others left of that. Causes
    rest on `least`, the lower bound of `corrected`. `taken` is None if it is unknown.
    """

    own: float
    least_own: float
    corrected: float
    least: float
    taken: float | None
    least_taken: float
    most_taken: float


def cpu_share_of(spent: Amount, whole: Amount, window: Window) -> CpuShare | None:
    """Return the shares; None if the firings were too short.

    `spent` is the CPU time in the firings, `whole` that in the window.
    """
    own, least_own = window.share(spent.value), window.share(spent.low)
    if own is None or least_own is None:
        return None
    most_taken = window.most_taken(own, whole.low)
    if not window.others_known:
        return CpuShare(own, least_own, own, least_own, None, 0.0, most_taken)
    taken = window.taken(own, whole.value)
    least_taken = min(taken, window.least_taken(own, whole.high))
    return CpuShare(
        own=own,
        least_own=least_own,
        corrected=_of_the_rest(own, taken),
        least=_of_the_rest(least_own, least_taken),
        taken=taken,
        least_taken=least_taken,
        most_taken=most_taken,
    )


def _of_the_rest(own: float, taken: float) -> float:
    return min(1.0, own / (1 - taken))


def _bounded(taken: float, own: float) -> float:
    return max(0.0, min(taken, MOST_TAKEN, 1 - own))
