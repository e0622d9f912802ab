"""Server and code apart: what the move to another server did, and what the other code did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, isfinite
from typing import Literal

import numpy as np

from dashboard.analysis.samples.rounds import ByRound
from dashboard.wire.plan import Lane
from dashboard.wire.verdict_report import FactorReport

from .comparison import FEWEST_ROUNDS, Comparison
from .intervals import Floats, student

STEPS = 2  # on the way from the baseline to a lane; they share the comparison's level


@dataclass(frozen=True)
class Factor:
    """One step between two lanes that differ in one thing: the second's metric over the first's.

    `interval` is None where the rounds know no end.
    """

    what: Literal["server", "variant"]
    begin: str
    end: str
    ratio: float
    interval: tuple[float, float] | None
    level: float

    def to_json(self) -> FactorReport:
        """The factor as the report carries it."""
        return {
            "what": self.what,
            "begin": self.begin,
            "end": self.end,
            "ratio": self.ratio,
            "interval": None if self.interval is None else list(self.interval),
            "level": self.level,
        }


def decompose(
    lane: Lane, baseline: Lane, by_round: Mapping[Lane, ByRound], comparison: Comparison
) -> list[Factor] | None:
    """Two factors whose product is the lane's ratio, by way of a lane between the two.

    `by_round` is the metric of each lane that can be compared. The way leads over the other server
    first, or else over the other code. None where the lanes differ in one thing alone, where there
    is no lane between them, and where the comparison has no interval: what rests on fewer than
    five rounds is noise.
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
    way: tuple[Lane, Lane, Lane],
    by_round: Mapping[Lane, ByRound],
    comparison: Comparison,
) -> list[Factor] | None:
    """The paired t interval of each, from the rounds that the comparison rests on.

    Its level is divided between the two (Bonferroni), so that both hold at the comparison's.
    """
    known = [by_round[lane] for lane in way]
    common = sorted(set.intersection(*({n for n in one if one[n]} for one in known)))
    rounds = common[: comparison.rounds]
    if comparison.interval is None or len(rounds) < FEWEST_ROUNDS:
        return None
    level = 1 - (1 - comparison.interval.level) / STEPS
    logs = [np.log([one[number] for number in rounds]) for one in known]
    begin, between, end = map(str, way)
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
