"""What else differs between two versions of a lane, if it differs more than the time does.

A version may need half the memory and take just as long. These are single values of the run
without an interval: they describe, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples import server_side
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.wire.codec import JsonObject
from dashboard.wire.report.verdict import SecondaryReport

VERSION_MARK = "#"  # sync@daphne#before
LEAST = 1.1  # a ratio closer to 1 is left out


@dataclass(frozen=True)
class Secondary(JsonObject):
    """One quantity of the same lane in two versions."""

    first: str
    second: str
    metric: str
    values: tuple[float, float]

    @property
    def ratio(self) -> float:
        """The second over the first."""
        return self.values[1] / self.values[0]

    def to_json(self) -> SecondaryReport:
        """Return the fields and the ratio, which is computed."""
        return {
            "first": self.first,
            "second": self.second,
            "metric": self.metric,
            "values": list(self.values),
            "ratio": self.ratio,
        }


def secondary(lanes: Sequence[LaneMetrics]) -> list[Secondary]:
    """Return what differs more than the time, for each two versions of the same lane."""
    pairs = [pair for pair in combinations(lanes, 2) if _are_versions(*pair)]
    return [difference for pair in pairs for difference in _differences(*pair)]


def _are_versions(first: LaneMetrics, second: LaneMetrics) -> bool:
    lanes = [metrics.name.partition(VERSION_MARK) for metrics in (first, second)]
    return lanes[0][0] == lanes[1][0] and lanes[0] != lanes[1]


def _differences(first: LaneMetrics, second: LaneMetrics) -> Iterator[Secondary]:
    ratios = log_ratios(first.by_round, second.by_round)
    if not ratios.size:
        return
    least = max(abs(float(ratios.mean())), log(LEAST))
    others = _values(second)
    for metric, value in _values(first).items():
        other = others[metric]
        if value and other and abs(log(other / value)) > least:
            yield Secondary(first.name, second.name, metric, (value, other))


def _values(metrics: LaneMetrics) -> dict[str, float | None]:
    return {
        "peak_rss_mb": metrics.resources.peak_rss_mb,
        "cpu_ms_per_request": metrics.resources.cpu_ms,
        "peak_threads": server_side.peak_together(metrics.lane.health, "threads"),
        "queries": metrics.config.queries,
    }
