"""How well the model predicted what was fired afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import sqrt
from statistics import median

from dashboard.wire.experiments.survey import ModelFit


def relative_error(predicted: float, measured: float) -> float:
    """Return the relative deviation of the predicted value from the measured one."""
    return predicted / measured - 1


def model_fit(pairs: Sequence[tuple[float, float]]) -> ModelFit | None:
    """Return how well predicted values agree with measured ones, in pairs; None without any."""
    if not pairs:
        return None
    errors = [abs(relative_error(predicted, measured)) for predicted, measured in pairs]
    return ModelFit(len(pairs), median(errors), rank_agreement(pairs))


def rank_agreement(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Kendall's τ-b (Kendall 1945) of the pairs; None if one side has no two values.

    Not scipy.stats, which takes 50 MB and half a second to import.
    """
    signs = [
        (_sign(first[0] - second[0]), _sign(first[1] - second[1]))
        for first, second in combinations(pairs, 2)
    ]
    differ = [sum(map(abs, side)) for side in zip(*signs, strict=True)]
    if not all(differ) or not signs:
        return None
    return sum(left * right for left, right in signs) / sqrt(differ[0] * differ[1])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
