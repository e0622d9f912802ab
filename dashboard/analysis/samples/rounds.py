"""The metric that a verdict compares, one number a round, and lanes paired by round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from dashboard.analysis.inference.intervals import Floats
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan import Load
from dashboard.wire.units import NS_PER_MS
from dashboard.wire.verdict_report import Metric

from . import stats
from .lane_samples import Lane

ByRound = Mapping[int, float]


def metric_of(load: Load) -> Metric:
    """What decides: a burst has a makespan, a rate only response times."""
    return "makespan_s" if load.kind == "burst" else "response_p95_ms"


def by_round(lane: Lane, load: Load) -> dict[int, float]:
    """The deciding metric of each whole round, by the round's number."""
    numbers = stats.whole_rounds(lane, load.requests)
    if load.kind == "burst":
        return dict(zip(numbers, stats.makespans_s(lane, load.requests), strict=True))
    return response_p95_ms(lane, numbers)


def response_p95_ms(lane: Lane, numbers: Sequence[int]) -> dict[int, float]:
    """p95 of the response time in each of these rounds; left out where it cannot be carried."""
    lengths_ns = lane.samples["done"] - lane.samples["due"]
    found = {}
    for number in numbers:
        here = np.sort(lengths_ns[lane.ok & (lane.samples["round"] == number)])
        p95_ns = nearest_rank(here, 95.0)
        if p95_ns:
            found[number] = p95_ns / NS_PER_MS
    return found


def smallest_medians_ms(lanes: Sequence[Lane]) -> dict[int, float | None]:
    """By round, the fastest lane's median response time of what succeeded."""
    found: dict[int, float | None] = {}
    for lane in lanes:
        lengths_ns, rounds = lane.samples["done"] - lane.samples["due"], lane.samples["round"]
        for number in np.unique(rounds).tolist():
            known = (stats.median_ms(lengths_ns[lane.ok & (rounds == number)]), found.get(number))
            found[number] = min((one for one in known if one is not None), default=None)
    return found


def log_ratios(baseline: ByRound, lane: ByRound) -> Floats:
    """log(lane / baseline) of every round that both have, in the order of the rounds."""
    common = common_rounds(baseline, lane)
    return np.array([np.log(lane[number] / baseline[number]) for number in common])


def common_rounds(baseline: ByRound, lane: ByRound) -> list[int]:
    """The rounds that are whole in both, in order."""
    return sorted(number for number in baseline if baseline[number] and lane.get(number))
