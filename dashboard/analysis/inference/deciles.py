"""Response times by percentile, and by how much a lane's deciles come later than another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.window import of_round
from dashboard.wire.units import NS_PER_MS

from .comparison import FEWEST_ROUNDS, FIXED_ALPHA
from .intervals import Floats, student

DECILES = (10, 20, 30, 40, 50, 60, 70, 80, 90)


@dataclass(frozen=True)
class Shift:
    """One decile's difference to the baseline's, in ms: the mean of the rounds, and its ends.

    `interval`: the ends are those of an interval of 95 %, else of the rounds themselves, which
    were too few to have one.
    """

    decile: int
    middle_ms: float
    low_ms: float
    high_ms: float
    interval: bool


def response_ms(lane: Lane) -> Floats:
    """Response times of what succeeded, ascending."""
    lengths_ns = (lane.samples["done"] - lane.samples["due"])[lane.ok]
    ascending: Floats = np.sort(lengths_ns) / NS_PER_MS
    return ascending


def percentiles_ms(ascending: Floats, percents: Sequence[float]) -> Floats:
    """By nearest rank, as everywhere; NaN where there is nothing."""
    if not ascending.size:
        return np.full(len(percents), np.nan)
    ranks = np.ceil(np.round(np.asarray(percents) * ascending.size / 100, 6)).astype(int)
    found: Floats = ascending[np.maximum(ranks, 1) - 1]
    return found


def shifts(baseline: Lane, lane: Lane) -> list[Shift]:
    """Decile by decile, from the rounds that both have; empty where there is none.

    Lanes take turns within a round, so rounds are compared in pairs: Student's interval is that
    of the differences. Each decile has its own, and nothing is shared among them.
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
    known = numbers.size >= FEWEST_ROUNDS
    middles = differences.mean(axis=-1)
    lows, highs = differences.min(axis=-1), differences.max(axis=-1)
    if known:
        bounds = student(differences, FIXED_ALPHA)
        lows, highs = bounds.low, bounds.high
    return [
        Shift(decile, float(middle), float(low), float(high), known)
        for decile, middle, low, high in zip(DECILES, middles, lows, highs, strict=True)
    ]
