"""Simulated false alarms and power: what the page promises about its answers.

A comparison's log ratio of one round is the difference of two lanes' noise. Seeded and
vectorised. An error rate may exceed its promise by what a count of this size can err:
three standard errors.
"""

from __future__ import annotations

from math import log, log1p, sqrt

import numpy as np
import pytest

from dashboard.analysis.inference.comparison import (
    FIXED,
    LOOKS,
    Interval,
    Method,
    all_decided,
    holm,
    look,
)
from dashboard.analysis.samples.lane_samples import Floats
from dashboard.wire.plan.plan import MARGIN

pytestmark = pytest.mark.thorough
COMPARISONS = 4000
PROMISE = 0.05
NOISES = ["normal", "heavy tails", "outliers"]


def noise(kind: str, share: float, shape: tuple[int, ...], seed: int) -> Floats:
    """Return log noise of one lane with a standard deviation of about `share`."""
    draw = np.random.default_rng(seed)
    normal = draw.normal(0, share, shape)
    if kind == "heavy tails":
        return draw.standard_t(3, shape) * share / sqrt(3)
    if kind == "outliers":  # one firing in twenty takes much longer
        return normal + (draw.random(shape) < 0.05) * draw.exponential(10 * share, shape)
    return normal


def log_ratios(kind: str, effect: float, rounds: int, share: float = 0.05) -> Floats:
    lanes = [noise(kind, share, (COMPARISONS, rounds), seed) for seed in (1, 2)]
    return log(effect) + lanes[1] - lanes[0]


def excluding_one(values: Floats, method: Method) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    bounds = method.bounds(values, method.alpha)
    return (bounds.low > 0) | (bounds.high < 0)


def inside_margin(values: Floats, method: Method) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    bounds = method.bounds(values, method.alpha)
    return (bounds.low >= -log1p(MARGIN)) & (bounds.high <= log1p(MARGIN))


def wrong_share(wrong: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Return the share minus the error of a count of this size."""
    return float(wrong.mean()) - 3 * sqrt(PROMISE * (1 - PROMISE) / wrong.size)


def ever_differs(values: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Who stops with "differs": a comparison that was decided the other way looks no more."""
    differing = np.zeros(len(values), bool)
    open_ = np.ones(len(values), bool)
    for rounds, method in LOOKS.items():
        same = inside_margin(values[:, :rounds], method)
        differing |= open_ & ~same & excluding_one(values[:, :rounds], method)
        open_ &= ~same & ~differing
    return differing


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("rounds", [5, 6, 10, 20, 40])
def test_fixed_rounds_raise_a_false_alarm_in_at_most_one_case_of_twenty(
    kind: str, rounds: int
) -> None:
    assert wrong_share(excluding_one(log_ratios(kind, 1, rounds), FIXED)) <= PROMISE


@pytest.mark.parametrize("kind", NOISES)
@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_looking_until_sure_raises_no_more(kind: str, share: float) -> None:
    assert wrong_share(ever_differs(log_ratios(kind, 1, 40, share))) <= PROMISE


def test_looking_after_each_round_would_raise_many() -> None:
    values = log_ratios("normal", 1, 40)
    looks = [excluding_one(values[:, :rounds], FIXED) for rounds in range(5, 41)]
    assert np.any(looks, axis=0).mean() > 0.2


@pytest.mark.parametrize("effect", [1.10, 1 / 1.10])
def test_ten_percent_at_five_percent_noise_is_found_in_twenty_rounds(effect: float) -> None:
    values = log_ratios("normal", effect, 20)
    for method in (FIXED, LOOKS[20]):
        assert excluding_one(values, method).mean() >= 0.95


def test_until_sure_finds_it_within_its_twenty_rounds() -> None:
    assert ever_differs(log_ratios("normal", 1.1, 40)).mean() >= 0.95


@pytest.mark.parametrize("kind", NOISES)
def test_a_difference_as_large_as_the_margin_is_seldom_called_none(kind: str) -> None:
    values = log_ratios(kind, 1 + MARGIN, 20, share=0.02)
    assert wrong_share(inside_margin(values, FIXED)) <= PROMISE


@pytest.mark.parametrize("kind", NOISES)
def test_several_lanes_together_raise_one_false_alarm_in_at_most_twenty(kind: str) -> None:
    baseline = noise(kind, 0.05, (1000, 10), seed=9)
    lanes = [noise(kind, 0.05, (1000, 10), seed) - baseline for seed in range(10, 15)]
    alarms = [
        any(interval.excludes_one for interval in holm([lane[at] for lane in lanes], FIXED))
        for at in range(1000)
    ]
    assert wrong_share(np.array(alarms)) <= PROMISE


def test_the_page_looks_as_the_simulation_does() -> None:
    values = log_ratios("normal", 1.04, 40)
    for rounds, method in LOOKS.items():
        differing = excluding_one(values[:50, :rounds], method)
        looks = [look([row[:rounds]]) for row in values[:50]]
        assert [
            evaluation is not None and evaluation.intervals[0].excludes_one for evaluation in looks
        ] == list(differing)
        for evaluation in looks:
            assert evaluation is not None
            answer = evaluation.intervals[0].answer(MARGIN)
            assert all_decided(evaluation) == (answer != "undecided")
            assert isinstance(evaluation.intervals[0], Interval)
