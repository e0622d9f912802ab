"""Whether a lane kept up with the rate that was offered to it.

An open load goes on whatever comes back. Where it is more than a server can do, a backlog grows
for as long as the rate lasts, and so do the response times: a percentile of them then says how
long the rate lasted, and nothing of the server.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import median

from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame
from dashboard.wire.lane_report import RateReport
from dashboard.wire.plan import Rate
from dashboard.wire.units import NS_PER_S

# A server that does 95 % of the rate answers each second's requests 0.05 s later than those of the
# second before. What grows by less is called noise.
MAX_GROWTH = 0.05
FEWEST_IN_A_QUARTER = 10  # successful requests; below it nobody can say


@dataclass
class _Firing:
    """Due and done of the requests of one firing that succeeded, in ns."""

    due: array[int] = field(default_factory=lambda: array("q"))
    done: array[int] = field(default_factory=lambda: array("q"))

    def take(self, frame: Frame) -> None:
        names = ("due", "done", "error")
        for due, done, error in zip(*(frame.columns[name] for name in names), strict=True):
            if error == Failure.NONE:
                self.due.append(due)
                self.done.append(done)

    def span_s(self) -> float:
        return (max(self.done) - min(self.done)) / NS_PER_S

    def growth(self, duration_s: float) -> float | None:
        """By how many seconds a response takes longer for each second that the rate lasts.

        From the medians of those due in the second and in the last quarter: the first is left
        out, since a backlog that only fills up is none that grows.
        """
        early, late = self._median_s(0.25, 0.5, duration_s), self._median_s(0.75, 1.0, duration_s)
        return None if early is None or late is None else (late - early) / (duration_s / 2)

    def _median_s(self, begin: float, end: float, duration_s: float) -> float | None:
        """The median response time of what was due between two shares of the schedule."""
        first_ns, last_ns = (share * duration_s * NS_PER_S for share in (begin, end))
        pairs = zip(self.due, self.done, strict=True)
        times = [done - due for due, done in pairs if first_ns <= due < last_ns]
        return median(times) / NS_PER_S if len(times) >= FEWEST_IN_A_QUARTER else None


class Rates:
    """Takes the counted frames of a run whose load is a rate, and judges each lane."""

    def __init__(self, load: Rate) -> None:
        self._load = load
        self._firings: defaultdict[int, defaultdict[int, _Firing]] = defaultdict(
            lambda: defaultdict(_Firing)
        )

    def take(self, frame: Frame) -> None:
        """One frame in any order; of samples alone anything is kept, and nothing of warm-ups."""
        if frame.kind == "samples" and frame.round:
            self._firings[frame.lane][frame.round].take(frame)

    def of(self, lane: int, uncounted: Collection[int] = ()) -> RateReport:
        """The lane's part of the report; None where nobody can say. Some rounds may not count.

        `achieved_rps` are successful answers a second between the first and the last of them.
        """
        firings = [
            one
            for number, one in self._firings[lane].items()
            if number not in uncounted and len(one.done) > 1
        ]
        span_s = sum(one.span_s() for one in firings)
        answers = sum(len(one.done) - 1 for one in firings)
        return {
            "offered_rps": self._load.rate_rps,
            "achieved_rps": answers / span_s if span_s else None,
            "keeps_up": self._keeps_up(firings),
        }

    def _keeps_up(self, firings: Sequence[_Firing]) -> bool | None:
        found = [one.growth(self._load.duration_s) for one in firings]
        known = [growth for growth in found if growth is not None]
        return median(known) <= MAX_GROWTH if known else None
