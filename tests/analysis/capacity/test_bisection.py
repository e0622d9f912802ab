"""The bisection of a rate: for any capacity, any first rate and any noise near the knee."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.capacity.bisection import (
    MOST_RATES,
    TOLERANCE,
    Interval,
    Tried,
    capacity_interval,
    next_rate,
)
from tests.properties import examples

LEAST_RPS, MOST_RPS = 1.0, 10_000.0
Holds = Callable[[float], bool | None]


def bisected(holds: Holds, first_rps: float, most_rps: float = MOST_RPS) -> list[Tried]:
    """Return the rates that are tried until there is none left."""
    tried: list[Tried] = []
    while True:
        rate = next_rate(tried, first_rps, least_rps=LEAST_RPS, most_rps=most_rps)
        if rate is None:
            return tried
        tried.append(Tried(rate, holds(rate)))


@examples(200)
@given(capacity=st.floats(10, 5000), nearness=st.floats(0.05, 20))
def test_any_capacity_is_between_the_ends_which_differ_by_the_tolerance(
    capacity: float, nearness: float
) -> None:
    first = min(max(capacity * nearness, LEAST_RPS), MOST_RPS)
    tried = bisected(lambda rate: rate <= capacity, first)
    interval = capacity_interval(tried)
    assert len(tried) <= MOST_RATES
    assert interval.low_rps
    assert interval.high_rps
    assert interval.low_rps <= capacity < interval.high_rps
    assert interval.high_rps / interval.low_rps <= 1 + TOLERANCE + 1e-6


@examples(200)
@given(
    capacity=st.floats(10, 5000),
    nearness=st.floats(0.3, 3),
    band=st.floats(0, 0.15),
    draws=st.randoms(use_true_random=False),
)
def test_with_undecided_rates_the_ends_are_outside_of_them(
    capacity: float, nearness: float, band: float, draws: Random
) -> None:
    low, high = capacity * (1 - band), capacity * (1 + band)

    def holds(rate: float) -> bool | None:
        if low < rate < high:
            return draws.choice([True, False, None])
        return rate <= low

    tried = bisected(holds, capacity * nearness)
    interval = capacity_interval(tried)
    assert len(tried) <= MOST_RATES
    if interval.low_rps is not None:
        assert interval.low_rps <= high  # at which a rate holds
    if interval.high_rps is not None:
        assert interval.high_rps > low
    for each in tried:
        if each.held is None and interval.low_rps and interval.high_rps:
            assert interval.low_rps < each.rate_rps < interval.high_rps


@examples(100)
@given(capacity=st.floats(1, 10_000), first=st.floats(1, 10_000))
def test_no_rate_is_tried_twice_or_out_of_bounds(capacity: float, first: float) -> None:
    tried = bisected(lambda rate: rate <= capacity, first)
    rates = sorted(each.rate_rps for each in tried)
    assert all(LEAST_RPS <= rate <= MOST_RPS for rate in rates)
    assert all(low < high for low, high in pairwise(rates))


def test_what_never_fails_has_no_upper_end_and_what_never_holds_no_lower_one() -> None:
    always = bisected(lambda rate: True, 300, most_rps=1000)
    assert capacity_interval(always) == Interval(1000, None)
    never = bisected(lambda rate: False, 300)
    assert capacity_interval(never) == Interval(None, LEAST_RPS)


def test_the_first_rate_is_doubled_or_halved_and_then_the_gap_is_halved() -> None:
    assert next_rate([], 300, least_rps=1, most_rps=10_000) == 300
    held = [Tried(300, held=True)]
    assert next_rate(held, 300, least_rps=1, most_rps=10_000) == 600
    both = [*held, Tried(600, held=False)]
    assert next_rate(both, 300, least_rps=1, most_rps=10_000) == 424
    lost = [Tried(300, held=False)]
    assert next_rate(lost, 300, least_rps=1, most_rps=10_000) == 150


def test_a_machine_that_was_slow_for_a_moment_makes_the_interval_wider() -> None:
    tried = [Tried(300, True), Tried(400, False), Tried(500, True), Tried(600, False)]
    assert capacity_interval(tried) == Interval(300, 600)
