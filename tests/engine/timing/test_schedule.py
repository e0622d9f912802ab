"""The schedule of an open load, checked against its distribution."""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.timing.schedule import schedule
from dashboard.wire.plan.plan import Rate

RATES = st.floats(0.1, 5000)
DURATIONS = st.floats(0.01, 0.5)
SEEDS = st.integers(0, 2**31 - 1)


@given(rate=RATES, duration=DURATIONS, seed=SEEDS)
def test_constant_arrivals_are_evenly_spaced(rate: float, duration: float, seed: int) -> None:
    load = Rate(rate, duration)
    due = schedule(load, seed)
    assert len(due) == load.requests
    assert all(abs(at - k / rate * 1e9) <= 1 for k, at in enumerate(due))


@given(rate=RATES, duration=DURATIONS, seed=SEEDS)
def test_poisson_arrivals_are_in_order_and_as_many_as_offered(
    rate: float, duration: float, seed: int
) -> None:
    load = Rate(rate, duration, poisson=True)
    due = schedule(load, seed).tolist()
    assert len(due) == load.requests
    assert due == sorted(due)
    assert due[0] >= 0
    assert due[-1] <= load.requests / rate * 1e9


@given(seed=SEEDS)
def test_the_seed_determines_the_schedule(seed: int) -> None:
    load = Rate(500, 0.2, poisson=True)
    assert schedule(load, seed) == schedule(load, seed)
    assert schedule(load, seed) != schedule(load, seed + 1)


@pytest.mark.parametrize("seed", range(5))
def test_poisson_gaps_are_exponential(seed: int) -> None:
    """Mean, spread and tail of 20,000 gaps vary by about 1 %; the margin is five times that."""
    due = schedule(Rate(1000, 20, poisson=True), seed)
    gaps_ms = [(after - before) / 1e6 for before, after in pairwise(due)]
    assert fmean(gaps_ms) == pytest.approx(1, rel=0.05)
    assert pstdev(gaps_ms) == pytest.approx(1, rel=0.05)  # an exponential's is its mean
    assert fmean(gap > 1 for gap in gaps_ms) == pytest.approx(0.368, rel=0.05)  # 1 / e


def test_poisson_counts_a_millisecond_are_poisson() -> None:
    """The variance of a Poisson count is its mean; even arrivals would give a variance of 0."""
    due = schedule(Rate(2000, 10, poisson=True), 7)
    counts = [0] * 10_000
    for at in due:
        counts[min(at // 1_000_000, 9_999)] += 1
    assert fmean(counts) == 2
    assert pstdev(counts) ** 2 == pytest.approx(2, rel=0.1)
