"""The metric that a verdict compares, one number per round, with lanes paired by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Load
from dashboard.wire.report.verdict import Metric
from dashboard.wire.units import NS_PER_MS

from . import stats
from .lane_samples import Floats, Lane
from .percentiles import median_ms

ByRound = Mapping[int, float]


def metric_of(load: Load) -> Metric:
    """Return the deciding metric: a burst has a total time, a rate only response times."""
    return "makespan_s" if load.kind == "burst" else "response_p95_ms"


def by_round(lane: Lane, load: Load) -> dict[int, float]:
    """Return the deciding metric of each whole round, by the number of the round."""
    numbers = stats.whole_rounds(lane, load.requests)
    if load.kind == "burst":
        return dict(zip(numbers, stats.makespans_s(lane, load.requests), strict=True))
    return response_p95_ms(lane, numbers)


def response_p95_ms(lane: Lane, numbers: Sequence[int]) -> dict[int, float]:
    """Return the p95 response time of each of these rounds, without those with too few samples."""
    lengths_ns = lane.samples["done"] - lane.samples["due"]
    p95s_ms = {}
    for number in numbers:
        here = np.sort(lengths_ns[lane.ok & (lane.samples["round"] == number)])
        p95_ns = nearest_rank(here, 95.0)
        if p95_ns:
            p95s_ms[number] = p95_ns / NS_PER_MS
    return p95s_ms


def smallest_medians_ms(lanes: Sequence[Lane]) -> dict[int, float | None]:
    """Return by round the smallest median response time of any lane's successful requests."""
    smallest: dict[int, float | None] = {}
    for lane in lanes:
        lengths_ns, rounds = lane.samples["done"] - lane.samples["due"], lane.samples["round"]
        for number in np.unique(rounds).tolist():
            median = median_ms(lengths_ns[lane.ok & (rounds == number)])
            medians = (median, smallest.get(number))
            smallest[number] = min((value for value in medians if value is not None), default=None)
    return smallest


def log_ratios(baseline: ByRound, lane: ByRound) -> Floats:
    """Return log(lane / baseline) of every round that both have, in order."""
    common = common_rounds(baseline, lane)
    return np.array([np.log(lane[number] / baseline[number]) for number in common])


def common_rounds(baseline: ByRound, lane: ByRound) -> list[int]:
    """Return the rounds that are whole in both, in order."""
    return sorted(number for number in baseline if baseline[number] and lane.get(number))
