"""A run whose rounds were left open decides in seconds, or ends after a first look."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.inference.comparison import LOOKS
from dashboard.runs.conduct.rounds.time_limit import TimeLimit
from dashboard.runs.planning.plans import make_plan, open_plan
from dashboard.runs.planning.time_limit import (
    FIRST_ROUNDS,
    LIMIT_S,
    OVERDUE,
    fewest_and_most,
    most_repeats,
)
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Plan
from tests.runs.fakes import FakeTargets

PROJECT = FakeTargets().project
ENDS = {FIRST_ROUNDS, *LOOKS}


def limited(limit_s: float = LIMIT_S, rounds: int | None = None) -> Plan:
    return make_plan(PROJECT, scenario="sleep", until_sure=True, limit_s=limit_s, rounds=rounds)


def rounds_of(plan: Plan, rounds_s: list[float]) -> tuple[int, float]:
    """Return after how many rounds of these lengths a run is over, and the time since the third."""
    now_s = 100.0
    limit = TimeLimit(plan, clock=lambda: now_s)
    limit.begin()
    for number, round_s in enumerate(rounds_s, 1):
        now_s += round_s
        if limit.over_after_round():
            return number, sum(rounds_s[FIRST_ROUNDS:number])
    return len(rounds_s), sum(rounds_s[FIRST_ROUNDS:])


@pytest.mark.parametrize(
    ("round_s", "rounds"), [(0.1, 40), (0.5, 20), (1.5, 10), (2.0, 5), (6.0, 5), (6.1, 3), (60, 3)]
)
def test_it_ends_where_the_next_look_is_out_of_reach(round_s: float, rounds: int) -> None:
    plan = limited()
    assert rounds_of(plan, [round_s] * plan.rounds)[0] == rounds
    assert fewest_and_most(plan, round_s) == (min(5, rounds), rounds)


@given(st.floats(0.01, 20), st.floats(0, 60))
def test_rounds_of_one_length_end_at_a_look_and_within_the_limit(
    round_s: float, limit_s: float
) -> None:
    plan = limited(limit_s)
    rounds, spent_s = rounds_of(plan, [round_s] * plan.rounds)
    assert rounds in ENDS
    assert spent_s <= limit_s * 1.001


@given(st.lists(st.floats(0.01, 30), min_size=40, max_size=40))
def test_however_long_rounds_take_the_limit_is_not_passed_by_far(rounds_s: list[float]) -> None:
    rounds, spent_s = rounds_of(limited(), rounds_s)
    assert rounds >= FIRST_ROUNDS
    assert spent_s - rounds_s[rounds - 1] <= OVERDUE * LIMIT_S


def test_without_a_limit_only_certainty_ends_it() -> None:
    plan = make_plan(PROJECT, scenario="sleep", until_sure=True)
    assert rounds_of(plan, [600.0] * 40)[0] == 40
    assert fewest_and_most(plan, 600.0) == (5, 40)
    fixed = make_plan(PROJECT, scenario="sleep", rounds=7)
    assert fewest_and_most(fixed, 1.0) == (7, 7)
    assert most_repeats(plan, 1) == 40


def test_few_rounds_are_repeated_within_a_limit() -> None:
    assert [most_repeats(limited(), counted) for counted in (0, 2, 5, 20)] == [3, 3, 5, 20]


def test_an_open_plan_decides_where_there_is_something_to_decide() -> None:
    plan = open_plan(PROJECT, scenario="sleep")
    assert (plan.until_sure, plan.limit_s, plan.rounds) == (True, LIMIT_S, 40)
    alone = open_plan(PROJECT, scenario="sleep", lanes=["async@daphne"])
    assert (alone.until_sure, alone.limit_s) == (False, None)
    control = open_plan(PROJECT, scenario="sleep", control=True)
    assert (control.until_sure, control.control) == (True, True)


@pytest.mark.parametrize(
    ("requests", "rounds", "until_sure"), [(20_000, 20, True), (90_000, 5, True)]
)
def test_as_many_rounds_as_the_number_of_requests_allows(
    requests: int, rounds: int, until_sure: bool
) -> None:
    lanes = ["sync@gunicorn-gthread", "async@daphne"]
    plan = open_plan(PROJECT, scenario="sleep", lanes=lanes, requests=requests, concurrency=100)
    assert (plan.rounds, plan.until_sure) == (rounds, until_sure)


def test_too_many_requests_for_a_look_have_the_rounds_of_the_scenario() -> None:
    lanes = ["sync@gunicorn-gthread", "async@daphne", "sync@daphne"]
    plan = open_plan(PROJECT, scenario="sleep", lanes=lanes, requests=100_000, concurrency=100)
    assert (plan.rounds, plan.until_sure) == (3, False)


def test_a_limit_belongs_to_a_run_until_certain() -> None:
    with pytest.raises(InvalidPlan, match="limit: expected a run until certain, found 3 fixed"):
        make_plan(PROJECT, scenario="sleep", limit_s=3.0)
    with pytest.raises(InvalidPlan, match="limit: expected 0 to 3600 s"):
        limited(-1.0)
