"""The widest interval of rounds known between two bounds contains all others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import FIXED, LOOKS, Method, compare, holm
from dashboard.analysis.inference.intervals import signed_rank, student
from dashboard.analysis.inference.worst_case import (
    MOST_CORNERS,
    Box,
    box_of,
    widest_signed_rank,
    widest_student,
)
from dashboard.analysis.samples.lane_samples import Floats
from tests.properties import examples

seeds = st.integers(0, 10**6)


def planted(seed: int, rounds: int, width: float) -> tuple[Box, Floats]:
    """Draw a box, and log ratios in it: anywhere, or at its ends, where intervals are widest."""
    draw = np.random.default_rng(seed)
    middle, half = draw.normal(0.2, 0.3, rounds), draw.exponential(width, rounds)
    where = draw.uniform(-1, 1, rounds)
    if seed % 2:
        where = np.sign(where)
    return Box(middle - half, middle + half), middle + where * half


@given(seeds, st.integers(5, 2 * MOST_CORNERS), st.sampled_from([0.01, 0.2]))
def test_every_student_interval_lies_within(seed: int, rounds: int, width: float) -> None:
    box, values = planted(seed, rounds, width)
    interval, widest = student(values, 0.05), widest_student(box, 0.05)
    assert widest.low <= interval.low + 1e-9
    assert interval.high <= widest.high + 1e-9


@given(seeds, st.sampled_from([10, 20, 40]), st.sampled_from([0.01, 0.2]))
def test_every_signed_rank_interval_lies_within(seed: int, rounds: int, width: float) -> None:
    box, values = planted(seed, rounds, width)
    interval, widest = signed_rank(values, 0.015), widest_signed_rank(box, 0.015)
    assert widest.low <= interval.low + 1e-9
    assert interval.high <= widest.high + 1e-9


@pytest.mark.parametrize("rounds", [5, MOST_CORNERS, MOST_CORNERS + 1, 40])
def test_a_box_of_no_width_is_the_interval_itself(rounds: int) -> None:
    values = np.random.default_rng(1).normal(0.1, 0.05, rounds)
    interval, widest = student(values, 0.05), widest_student(Box(values, values), 0.05)
    assert (widest.low, widest.high) == pytest.approx((interval.low, interval.high))


def test_all_rounds_at_their_lowest_are_not_the_widest() -> None:
    """The reason for trying corners: one round at its other end widens more than it moves."""
    box = Box(np.full(5, -0.1), np.full(5, 0.1))
    assert widest_student(box, 0.05).low < student(box.low, 0.05).low - 0.05


@examples(30)
@given(seeds, st.sampled_from([FIXED, *LOOKS.values()]))
def test_what_is_charged_never_makes_a_difference(seed: int, method: Method) -> None:
    """A disturbed run has no more false alarms than any other."""
    boxes, values = zip(*(planted(seed + lane, 10, 0.1) for lane in range(3)), strict=True)
    plain, worst = holm(values, method), holm(values, method, boxes)
    for measured, worst_case in zip(plain, worst, strict=True):
        assert worst_case.low <= measured.low
        assert worst_case.high >= measured.high
        assert worst_case.ratio == measured.ratio
        assert measured.excludes_one or not worst_case.excludes_one


def box_around(log_ratio: float, half: float, rounds: int = 6) -> tuple[Floats, Box]:
    values = log_ratio + np.linspace(-0.01, 0.01, rounds)
    return values, Box(values - half, values + half)


@pytest.mark.parametrize(
    ("log_ratio", "half", "rounds", "answer"),
    [
        (1.0, 0.1, 6, "differs"),
        (1.0, 0.7, 6, "not-trusted"),
        (0.0, 0.005, 6, "no-difference"),
        (0.0, 0.1, 6, "not-trusted"),  # it would be no difference, but may be one
        (1.0, 0.1, 3, "first-look"),
        (1.0, 1.1, 3, "not-trusted"),
        (0.01, 0.1, 3, "not-trusted"),
        (0.01, 0.015, 3, "first-look"),
    ],
)
def test_only_where_the_worst_case_holds_one_is_there_no_answer(
    log_ratio: float, half: float, rounds: int, answer: str
) -> None:
    values, box = box_around(log_ratio, half, rounds)
    (comparison,) = compare([values], [None], boxes=[box])
    assert comparison.answer == answer
    assert comparison.ratio == pytest.approx(np.exp(log_ratio))  # always shown
    assert (comparison.worst is not None) == (rounds < 5)


def test_what_was_undecided_without_it_is_undecided_with_it() -> None:
    values = np.array([-0.3, 0.2, 0.1, -0.2, 0.3, 0.0])
    (comparison,) = compare([values], [None], boxes=[Box(values - 0.1, values + 0.1)])
    assert comparison.answer == "undecided"


def test_with_unknown_lateness_there_is_a_ratio_alone() -> None:
    values, box = box_around(1.0, 0.1)
    unknown, charged = compare([values, values], [None, None], boxes=[None, box])
    assert (unknown.answer, unknown.interval) == ("not-trusted", None)
    assert unknown.ratio == pytest.approx(np.e)
    assert charged.answer == "differs"


def test_a_round_that_may_have_taken_no_time_leaves_no_box() -> None:
    measured = ({1: 1.0, 2: 1.0}, {1: 2.0, 2: 2.0})
    ends = {1: (0.9, 1.1), 2: (0.8, 1.2)}
    assert box_of(ends, {1: (1.9, 2.1), 2: (0.0, 4.0)}, measured) is None
    assert box_of(ends, {1: (1.9, 2.1)}, measured) is None
    box = box_of(ends, {1: (1.9, 2.1), 2: (1.8, 2.2), 3: (0.0, 1.0)}, measured)
    assert box is not None
    assert list(np.exp(box.low)) == pytest.approx([1.9 / 1.1, 1.8 / 1.2])
    assert list(np.exp(box.high)) == pytest.approx([2.1 / 0.9, 2.2 / 0.8])
