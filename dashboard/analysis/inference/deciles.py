"""How the deciles of a lane's response times differ from the baseline's."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.percentiles import percentiles_ms, response_ms
from dashboard.analysis.samples.window import of_round

from .comparison import FEWEST_ROUNDS, FIXED_ALPHA
from .intervals import student

DECILES = (10, 20, 30, 40, 50, 60, 70, 80, 90)


@dataclass(frozen=True)
class Shift:
    """The difference of one decile to the baseline's, in ms: the mean of the rounds, and its ends.

    `interval`: True if the ends are those of a 95 % interval, False if they are the smallest and
    the largest round, since too few rounds have no interval.
    """

    decile: int
    middle_ms: float
    low_ms: float
    high_ms: float
    interval: bool


def shifts(baseline: Lane, lane: Lane) -> list[Shift]:
    """Return the shift of each decile over the rounds that both lanes have; empty without any.

    Lanes take turns within a round, so rounds are compared in pairs: Student's interval is that
    of the differences. Each decile has its own interval; the level is not shared among them.
    """
    numbers = np.intersect1d(baseline.samples["round"][baseline.ok], lane.samples["round"][lane.ok])
    if not numbers.size:
        return []
    by_round = [
        percentiles_ms(response_ms(of_round(lane, number)), DECILES)
        - percentiles_ms(response_ms(of_round(baseline, number)), DECILES)
        for number in numbers
    ]
    differences = np.stack(by_round, axis=-1)  # (deciles, rounds)
    enough_rounds = numbers.size >= FEWEST_ROUNDS
    middles = differences.mean(axis=-1)
    lows, highs = differences.min(axis=-1), differences.max(axis=-1)
    if enough_rounds:
        bounds = student(differences, FIXED_ALPHA)
        lows, highs = bounds.low, bounds.high
    return [
        Shift(decile, float(middle), float(low), float(high), enough_rounds)
        for decile, middle, low, high in zip(DECILES, middles, lows, highs, strict=True)
    ]
