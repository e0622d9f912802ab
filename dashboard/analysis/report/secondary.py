"""What else differs between two versions of a lane, where it differs more than the time does.

A version may need half the memory and take just as long. These are single values of the run and
have no interval: they describe, and decide nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples import stats
from dashboard.analysis.samples.rounds import log_ratios
from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.wire.verdict_report import SecondaryReport

VERSION_MARK = "#"  # sync@daphne#before
LEAST = 1.1  # a ratio closer to 1 is not worth a word
UNITS = {
    "peak_rss_mb": "MB of memory",
    "cpu_ms_per_request": "of CPU per request",
    "peak_threads": "threads",
    "queries": "queries per request",
}


@dataclass(frozen=True)
class Secondary:
    """One quantity of the same lane in two versions, and the second over the first."""

    first: str
    second: str
    metric: str
    values: tuple[float, float]

    @property
    def ratio(self) -> float:
        """The second over the first."""
        return self.values[1] / self.values[0]

    def to_json(self) -> SecondaryReport:
        """As the verdict carries it."""
        return {
            "first": self.first,
            "second": self.second,
            "metric": self.metric,
            "values": list(self.values),
            "ratio": self.ratio,
        }


def secondary(lanes: Sequence[LaneMetrics]) -> list[Secondary]:
    """Return what differs more than the time, between versions of the same lane."""
    pairs = combinations(lanes, 2)
    return [found for pair in pairs if _versions(*pair) for found in _of_pair(*pair)]


def secondary_words(found: Sequence[SecondaryReport]) -> Iterator[str]:
    """One sentence for each pair of versions."""
    for pair in dict.fromkeys((one["first"], one["second"]) for one in found):
        changes = [_change(one) for one in found if (one["first"], one["second"]) == pair]
        listed = ", ".join(changes)
        yield f"{pair[1]} compared with {pair[0]}: {listed} (single values, not tested)."


def _versions(first: LaneMetrics, second: LaneMetrics) -> bool:
    lanes = [one.name.partition(VERSION_MARK) for one in (first, second)]
    return lanes[0][0] == lanes[1][0] and lanes[0] != lanes[1]


def _of_pair(first: LaneMetrics, second: LaneMetrics) -> Iterator[Secondary]:
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
        "cpu_ms_per_request": metrics.resources.cost_evidence["cpu_ms_per_request"],
        "peak_threads": stats.peak_together(metrics.lane.health, "threads"),
        "queries": metrics.config.queries,
    }


def _change(one: SecondaryReport) -> str:
    """Return "222 → 122 MB of memory"."""
    say = milliseconds if one["metric"] == "cpu_ms_per_request" else _number
    first, second = map(say, one["values"])
    return f"{first} → {second} {UNITS[one['metric']]}"


def _number(value: float) -> str:
    return significant(value, 3)
