"""Whether a lane kept up with the rate that was offered to it.

An open load does not wait for responses. If it is more than a server can handle, a backlog grows
for as long as the rate lasts, and response times with it: their percentiles then depend on how
long the rate lasted, not on the server.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import median

from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Rate
from dashboard.wire.report.lanes import RateReport
from dashboard.wire.units import NS_PER_S

# A server that handles 95 % of the rate answers each second's requests 0.05 s later than those of
# the second before. Less growth counts as noise.
MAX_GROWTH = 0.05
FEWEST_IN_A_QUARTER = 10  # successful requests; with fewer it is unknown


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
        """Return by how many seconds response times grow per second of the rate; None if unknown.

        From the medians of the second and the last quarter: the first is left out, since a queue
        that fills up to its limit is not a backlog that grows.
        """
        early, late = self._median_s(0.25, 0.5, duration_s), self._median_s(0.75, 1.0, duration_s)
        return None if early is None or late is None else (late - early) / (duration_s / 2)

    def _median_s(self, begin: float, end: float, duration_s: float) -> float | None:
        """Return the median response time of requests due between two shares of the schedule."""
        first_ns, last_ns = (share * duration_s * NS_PER_S for share in (begin, end))
        pairs = zip(self.due, self.done, strict=True)
        times = [done - due for due, done in pairs if first_ns <= due < last_ns]
        return median(times) / NS_PER_S if len(times) >= FEWEST_IN_A_QUARTER else None


class Rates:
    """Decides from the counted frames of a run at a rate whether each lane kept up."""

    def __init__(self, load: Rate) -> None:
        self._load = load
        self._firings: defaultdict[int, defaultdict[int, _Firing]] = defaultdict(
            lambda: defaultdict(_Firing)
        )

    def take(self, frame: Frame) -> None:
        """Add a frame, in any order; only samples of rounds are read."""
        if frame.kind == "samples" and frame.round:
            self._firings[frame.lane][frame.round].take(frame)

    def of(self, lane: int, uncounted: Collection[int] = ()) -> RateReport:
        """Return the lane's part of the report, without the rounds in `uncounted`.

        `achieved_rps` are successful responses per second, from the first to the last of them.
        Unknown values are None.
        """
        firings = [
            firing
            for number, firing in self._firings[lane].items()
            if number not in uncounted and len(firing.done) > 1
        ]
        span_s = sum(firing.span_s() for firing in firings)
        answers = sum(len(firing.done) - 1 for firing in firings)
        return {
            "offered_rps": self._load.rate_rps,
            "achieved_rps": answers / span_s if span_s else None,
            "keeps_up": self._keeps_up(firings),
        }

    def _keeps_up(self, firings: Sequence[_Firing]) -> bool | None:
        growths = [firing.growth(self._load.duration_s) for firing in firings]
        known_growths = [growth for growth in growths if growth is not None]
        return median(known_growths) <= MAX_GROWTH if known_growths else None
