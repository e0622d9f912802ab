"""Take a difference apart: the part of the other server, and the part of the other code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite
from typing import Literal

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats
from dashboard.analysis.samples.rounds import ByRound
from dashboard.wire.codec import JsonObject
from dashboard.wire.plan.plan import Lane

from .comparison import FEWEST_ROUNDS, Comparison
from .intervals import student

STEPS = 2  # from the baseline to a lane; they share the level of the comparison


@dataclass(frozen=True)
class Factor(JsonObject):
    """One step between two lanes that differ in one thing: the second's metric over the first's.

    `FactorReport` in JSON. `interval` is None if so few rounds have no ends.
    """

    what: Literal["server", "variant"]
    begin: str
    end: str
    ratio: float
    interval: tuple[float, float] | None
    level: float


def decompose(
    lane: Lane, baseline: Lane, by_round: Mapping[Lane, ByRound], comparison: Comparison
) -> list[Factor] | None:
    """Return two factors whose product is the lane's ratio, by way of a lane between the two.

    `by_round` is the metric of each lane that can be compared. The path leads by the other server
    first, else by the other code. None if the lanes differ in one thing only, if there is no lane
    between them, and if the comparison has no interval: a result of fewer than five rounds is
    noise.
    """
    if lane.server == baseline.server or lane.variant == baseline.variant:
        return None
    if comparison.interval is None or lane not in by_round or baseline not in by_round:
        return None
    by_server = Lane(baseline.variant, lane.server)
    by_code = Lane(lane.variant, baseline.server)
    if by_server in by_round:
        return _steps("server", "variant", (baseline, by_server, lane), by_round, comparison)
    if by_code in by_round:
        return _steps("variant", "server", (baseline, by_code, lane), by_round, comparison)
    return None


def _steps(
    first: Literal["server", "variant"],
    second: Literal["server", "variant"],
    path: tuple[Lane, Lane, Lane],
    by_round: Mapping[Lane, ByRound],
    comparison: Comparison,
) -> list[Factor] | None:
    """Return both steps with paired t intervals, from the rounds of the comparison.

    Its level is divided between the two (Bonferroni), so that both hold at the comparison's level.
    """
    metrics = [by_round[lane] for lane in path]
    common = sorted(set.intersection(*({n for n in lane if lane[n]} for lane in metrics)))
    rounds = common[: comparison.rounds]
    if comparison.interval is None or len(rounds) < FEWEST_ROUNDS:
        return None
    level = 1 - (1 - comparison.interval.level) / STEPS
    logs = [np.log([lane[number] for number in rounds]) for lane in metrics]
    begin, between, end = map(str, path)
    return [
        _step(first, begin, between, logs[1] - logs[0], level),
        _step(second, between, end, logs[2] - logs[1], level),
    ]


def _step(
    what: Literal["server", "variant"], begin: str, end: str, log_ratios: Floats, level: float
) -> Factor:
    bounds = student(log_ratios, 1 - level)
    low, high = exp(float(bounds.low)), exp(float(bounds.high))
    interval = (low, high) if isfinite(high) else None
    return Factor(what, begin, end, exp(float(bounds.middle)), interval, level)
