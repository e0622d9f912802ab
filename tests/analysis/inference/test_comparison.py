"""Looks, intervals and answers, which never contradict each other."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import (
    FIXED,
    LOOKS,
    Interval,
    all_decided,
    compare,
    holm,
    last_look,
    look,
)
from dashboard.analysis.inference.intervals import (
    lag_one_correlation,
    signed_rank,
    signed_rank_distribution,
    student,
)
from dashboard.analysis.samples.rounds import log_ratios

logs = st.floats(-2, 2)


def rows(*effects: float, rounds: int = 10, noise: float = 0.02) -> list[np.ndarray]:
    draw = np.random.default_rng(5)
    return [log(effect) + draw.normal(0, noise, rounds) for effect in effects]


def test_the_t_interval_is_scipys() -> None:
    from scipy import stats  # in tests alone: each worker imports all modules, and it takes 0.5 s

    (values,) = rows(1.3)
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    interval = student(values, 0.05)
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("rounds", [1, 2, 5, 10, 40])
def test_the_signed_rank_distribution_is_one(rounds: int) -> None:
    chances = signed_rank_distribution(rounds)
    assert chances.sum() == pytest.approx(1)
    assert np.allclose(chances, chances[::-1])
    assert chances[0] == 0.5**rounds


@given(st.lists(st.floats(-1, 1), min_size=10, max_size=10, unique=True), st.floats(-1, 1))
def test_the_signed_rank_interval_leaves_out_what_the_exact_test_rejects(
    values: list[float], null: float
) -> None:
    from scipy import stats

    interval = signed_rank(np.array(values), 0.01)
    shifted = np.array(values) - null
    ranks = np.abs(shifted)
    if len(np.unique(ranks)) < len(ranks) or not ranks.all():
        return  # SciPy's test is exact without ties alone
    if min(abs(null - interval.low), abs(null - interval.high)) < 1e-9:
        return
    rejected = stats.wilcoxon(shifted, method="exact").pvalue <= 0.01
    assert rejected == (not interval.low < null < interval.high)


def test_known_quantiles_of_the_signed_rank_interval() -> None:
    """Tables give c = 3 for n = 10 at 99 % (P(W <= 3) = 5/1024): 4th smallest, 4th largest."""
    values = np.arange(10.0) ** 2
    first, second = np.triu_indices(10)
    walsh = np.sort((values[first] + values[second]) / 2)
    interval = signed_rank(values, 0.01)
    assert (interval.low, interval.high) == (walsh[3], walsh[-4])


def test_too_few_rounds_for_a_level_have_no_ends() -> None:
    assert signed_rank(np.ones(5), 0.01).high == np.inf


@pytest.mark.parametrize("rounds", range(42))
def test_looks_are_taken_at_their_own_times_only(rounds: int) -> None:
    seen = look(rows(1.2, rounds=rounds))
    assert (seen is not None) == (rounds in {5, 10, 20, 40})


def test_the_looks_levels_add_up_to_five_percent() -> None:
    assert sum(method.alpha for method in LOOKS.values()) == pytest.approx(0.05)
    assert [round(1 - method.alpha, 3) for method in LOOKS.values()] == [0.99, 0.99, 0.985, 0.985]


def test_the_last_look_sees_its_own_rounds_alone() -> None:
    values = rows(1.2, rounds=19)
    assert last_look(values) == look([values[0][:10]])
    assert last_look(rows(1.2, rounds=4)) is None


def test_sure_means_that_no_comparison_is_undecided() -> None:
    def seen(*effects: float, noise: float) -> bool:
        evaluation = look(rows(*effects, rounds=10, noise=noise))
        assert evaluation is not None
        return all_decided(evaluation)

    assert seen(1.5, 1.0, noise=0.005)
    assert not seen(1.5, 1.0, noise=0.1)


@given(st.lists(st.lists(logs, min_size=6, max_size=6), min_size=1, max_size=5))
def test_holm_rejects_what_its_p_values_reject(lanes: list[list[float]]) -> None:
    from scipy import stats

    values = [np.array(lane) + np.linspace(0, 0.01, 6) for lane in lanes]
    chances = [float(stats.ttest_1samp(value, 0).pvalue) for value in values]
    expected, left = set(), len(values)
    for at in sorted(range(len(values)), key=lambda at: chances[at]):
        if chances[at] > 0.05 / left:
            break
        expected.add(at)
        left -= 1
    differing = {at for at, interval in enumerate(holm(values, FIXED)) if interval.excludes_one}
    assert differing == expected


def test_more_lanes_never_make_an_interval_narrower() -> None:
    alone = holm(rows(1.1), FIXED)[0]
    among = holm(rows(1.1, 1.0, 1.0), FIXED)[0]
    assert among.low <= alone.low
    assert among.high >= alone.high


@pytest.mark.parametrize(
    ("low", "high", "answer"),
    [
        (0.19, 0.2, "differs"),
        (1.01, 1.2, "differs"),
        (0.98, 1.02, "no-difference"),
        (1.001, 1.02, "no-difference"),
        (0.98, 1.04, "undecided"),
        (0.5, 1.01, "undecided"),
    ],
)
def test_the_answer_is_read_off_the_interval(low: float, high: float, answer: str) -> None:
    assert Interval((low + high) / 2, low, high, 0.95, 6, "paired t").answer(0.03) == answer


def test_the_margin_reaches_as_far_down_as_up() -> None:
    assert Interval(1, 1 / 1.03, 1.03, 0.95, 6, "").inside(0.03)
    assert not Interval(1, 0.97, 1.03, 0.95, 6, "").inside(0.03)


def test_below_five_rounds_there_is_a_ratio_alone() -> None:
    (comparison,) = compare(rows(2.0, rounds=4), [None])
    assert (comparison.answer, comparison.interval) == ("first-look", None)
    assert comparison.ratio == pytest.approx(2, rel=0.1)


def test_a_refused_lane_is_not_compared_and_takes_no_level_from_the_others() -> None:
    values = rows(1.1, 1.2)
    refused, other = compare(values, ["errors", None])
    assert (refused.answer, refused.ratio, refused.interval) == ("errors", None, None)
    assert other.interval is not None
    assert other.interval.level == 0.95


def test_lanes_are_paired_by_the_rounds_number_whatever_is_missing() -> None:
    ratios = log_ratios({1: 1.0, 3: 2.0, 7: 4.0}, {7: 8.0, 3: 2.0, 9: 1.0})
    assert list(ratios) == pytest.approx([0, log(2)])


def test_drift_is_a_correlation_and_equal_numbers_are_none() -> None:
    drifting = lag_one_correlation(np.linspace(0, 1, 20))
    assert drifting is not None
    assert drifting > 0.4
    assert lag_one_correlation(np.ones(6)) is None
