"""Percentiles by nearest rank, against the definition itself."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.percentile import FEWEST_SAMPLES, nearest_rank


@given(
    st.lists(st.integers(0, 10**9), min_size=1, max_size=400),
    st.sampled_from(sorted(FEWEST_SAMPLES)),
)
def test_the_smallest_value_with_enough_at_or_below_it(values: list[int], percent: float) -> None:
    percentile = nearest_rank(sorted(values), percent)
    if len(values) < FEWEST_SAMPLES[percent]:
        assert percentile is None
        return
    needed = Fraction(str(percent)) / 100 * len(values)
    assert percentile == next(
        value for value in sorted(values) if sum(other <= value for other in values) >= needed
    )


def test_a_rank_is_not_missed_by_rounding() -> None:
    assert nearest_rank(range(10_000), 99.9) == 9989
    assert nearest_rank(range(100), 99.0) == 98


@pytest.mark.parametrize(("count", "percent"), [(99, 99.0), (9_999, 99.9), (0, 50.0)])
def test_no_percentile_that_the_sample_cannot_carry(count: int, percent: float) -> None:
    assert nearest_rank(range(count), percent) is None


def test_failures_have_names() -> None:
    assert failure_name(Failure.NO_DESCRIPTORS, 0) == "no-descriptors"
    assert failure_name(Failure.STATUS, 503) == "http-503"
