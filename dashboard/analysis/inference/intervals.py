"""Intervals for the middle of a few numbers, one per round.

Each function takes an array of shape (…, rounds) and returns the bounds for every row at once, so
that the same code serves a single comparison and the thousands of a simulation. `alpha` is the
chance that an interval misses: 0.05 for 95 %.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import sqrt

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats

CORRELATION_WARNING = 0.4


@dataclass(frozen=True)
class Bounds:
    """Middle, low and high end, each of shape (…), without the rounds."""

    middle: Floats
    low: Floats
    high: Floats


def student(values: Floats, alpha: float) -> Bounds:
    """Return the mean with Student's t interval (Student 1908), for two rounds or more."""
    middle = values.mean(axis=-1)
    half = student_reach(values.shape[-1], alpha) * values.std(axis=-1, ddof=1)
    return Bounds(middle, middle - half, middle + half)


def student_reach(rounds: int, alpha: float) -> float:
    """Return half the width of Student's interval, in standard deviations of the rounds."""
    # Not scipy.stats, which takes 50 MB and half a second; and not at import, since every command
    # would start a third of a second later.
    from scipy.special import stdtrit  # noqa: PLC0415

    return float(stdtrit(rounds - 1, 1 - alpha / 2)) / sqrt(rounds)


def signed_rank(values: Floats, alpha: float) -> Bounds:
    """Return the Hodges-Lehmann estimate with the exact interval of Wilcoxon's signed-rank test.

    The Walsh averages are those of all pairs, each value with itself included; their median is
    the estimate, and the interval reaches from the (c + 1)-th smallest to the (c + 1)-th
    largest, where c is the greatest number with P(W <= c) <= alpha / 2 (Hollander, Wolfe &
    Chicken 2014, 3.3). With too few rounds for any such c the bounds are infinite.
    """
    rounds = values.shape[-1]
    first, second = np.triu_indices(rounds)
    walsh = np.sort((values[..., first] + values[..., second]) / 2, axis=-1)
    middle = np.median(walsh, axis=-1)
    left_out = _left_out(rounds, alpha)
    if left_out is None:
        endless = np.full(middle.shape, np.inf)
        return Bounds(middle, -endless, endless)
    return Bounds(middle, walsh[..., left_out], walsh[..., -1 - left_out])


@cache
def _left_out(rounds: int, alpha: float) -> int | None:
    """Return how many Walsh averages are left out at either end; None for too few rounds."""
    below = np.cumsum(signed_rank_distribution(rounds))
    # A chance that equals alpha / 2 in exact arithmetic must not be lost to the last bit.
    fitting = int(np.count_nonzero(below <= alpha / 2 * (1 + 1e-12)))
    return fitting - 1 if fitting else None


@cache
def signed_rank_distribution(rounds: int) -> Floats:
    """Return P(W = w) for w = 0 … n(n + 1)/2, if each rank counts with a chance of one half."""
    chances = np.ones(1)
    for rank in range(1, rounds + 1):
        chances = (np.pad(chances, (0, rank)) + np.pad(chances, (rank, 0))) / 2
    return chances


def lag_one_correlation(values: Floats) -> float | None:
    """Return how much a round resembles the one before it, -1 to 1; None without variation."""
    away = values - values.mean()
    total = float((away**2).sum())
    return float((away[1:] * away[:-1]).sum()) / total if total > 0 else None
