"""One lane of a report with everything that its causes are read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

from dashboard.analysis.samples import rounds, stats
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.lateness import Lateness, ends_by_round
from dashboard.analysis.samples.rounds import metric_of
from dashboard.wire.plan.plan import Load
from dashboard.wire.report.verdict import Metric

from .concurrency import Concurrency
from .config import LaneConfig
from .loop_blocking import LoopBlocking
from .request_times import RequestTimes
from .resources import Resources


@dataclass(frozen=True)
class LaneMetrics:
    """A lane's samples with its configuration and the load; metrics are computed when read.

    `lateness` is that of the load generator, by round.
    """

    name: str
    lane: Lane
    config: LaneConfig
    load: Load
    lateness: Mapping[int, Lateness] = field(default_factory=dict)

    @property
    def metric(self) -> Metric:
        """The name of the metric that decides for this load."""
        return metric_of(self.load)

    @cached_property
    def makespans_s(self) -> list[float]:
        """The total time of each whole round, of a rate too: last done − first due."""
        return stats.makespans_s(self.lane, self.load.requests)

    @cached_property
    def by_round(self) -> dict[int, float]:
        """The deciding metric of each whole round, by the number of the round."""
        return rounds.by_round(self.lane, self.load)

    @property
    def mean(self) -> float:
        """The mean of the deciding metric over the whole rounds; 0 if there is none."""
        return fmean(self.by_round.values()) if self.by_round else 0.0

    @cached_property
    def ends_by_round(self) -> dict[int, tuple[float, float]]:
        """The bounds of the deciding metric by round, charged with all lateness."""
        return ends_by_round(self.lane, self.load, self.by_round, self.lateness)

    @cached_property
    def times(self) -> RequestTimes:
        """How long its requests took."""
        return RequestTimes(self.lane, self.load.requests)

    @cached_property
    def concurrency(self) -> Concurrency:
        """How many of its requests were inside at a time."""
        return Concurrency(self.times, sum(self.makespans_s))

    @cached_property
    def loop(self) -> LoopBlocking:
        """How its event loop was blocked."""
        return LoopBlocking(self.lane)

    @cached_property
    def resources(self) -> Resources:
        """What its requests cost."""
        return Resources(self.lane, self.config, self.load.requests, self.makespans_s)
