"""Which request of a firing is to which view of a mix: shares, and arrivals of each view."""

from __future__ import annotations

from collections import Counter
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from dashboard.engine.timing.schedule import schedule
from dashboard.wire.plan.mix import assignment, places
from dashboard.wire.plan.plan import Rate

WEIGHTS = st.lists(st.floats(0.001, 1_000), min_size=1, max_size=20).map(tuple)
SEEDS = st.integers(0, 2**31 - 1)
LEAST_P = 0.01


@given(weights=WEIGHTS, requests=st.integers(1, 2_000), seed=SEEDS)
def test_each_view_has_its_share_of_the_requests(
    weights: tuple[float, ...], requests: int, seed: int
) -> None:
    counts = Counter(assignment(weights, requests, seed))
    assert sum(counts.values()) == requests
    for view, weight in enumerate(weights):
        assert abs(counts[view] - weight / sum(weights) * requests) < 1 + 1e-6


@given(weights=WEIGHTS, seed=SEEDS)
def test_the_seed_decides_the_order(weights: tuple[float, ...], seed: int) -> None:
    assert assignment(weights, 50, seed) == assignment(weights, 50, seed)


def test_a_rare_view_is_requested_as_often_as_its_share_over_the_rounds() -> None:
    weights = (97.0, 2.7, 0.3)
    counts = [Counter(assignment(weights, 100, seed))[2] for seed in range(2_000)]
    assert set(counts) == {0, 1}
    assert fmean(counts) == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("view", range(3))
def test_arrivals_of_a_view_are_those_of_its_own_poisson_load(seed: int, view: int) -> None:
    """Gaps and instants: two samples, of the mix and of a load of the view alone."""
    weights, rate, duration_s = (6.0, 3.0, 1.0), 200.0, 60.0
    load = Rate(rate, duration_s, poisson=True)
    order = np.asarray(assignment(weights, load.requests, seed))
    mixed = np.asarray(schedule(load, seed))[order == view]
    share = weights[view] / sum(weights)
    alone = np.asarray(schedule(Rate(rate * share, duration_s, poisson=True), seed + 100))
    assert abs(mixed.size - alone.size) <= 1
    assert ks_2samp(np.diff(mixed), np.diff(alone)).pvalue > LEAST_P
    assert ks_2samp(mixed, alone).pvalue > LEAST_P


def test_the_rows_of_each_view_take_turns() -> None:
    assert list(places([0, 1, 0, 1, 1, 0, 0], [2, 3])) == [0, 2, 1, 3, 4, 0, 1]
