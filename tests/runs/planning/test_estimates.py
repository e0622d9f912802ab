"""Estimates: theory, the CPU time and throughput of earlier runs, and the starts of servers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.planning.estimates import (
    BETWEEN_FIRINGS_S,
    USUAL_CPU_S,
    Costs,
    LaneCost,
    estimate_of,
    estimate_of_all,
)
from dashboard.runs.planning.plans import make_plan
from tests.runs.planning.test_plans import PROJECT

WARM = Costs(start_s=lambda server: 0.0)


def firings_s(costs: Costs = WARM, **options: Any) -> float | None:
    """Return the estimate of three rounds of the scenario `sleep`, without the pauses."""
    plan = make_plan(PROJECT, **{"scenario": "sleep", "rounds": 3, **options})
    estimate = estimate_of(PROJECT, plan, costs)
    if estimate is None:
        return None
    return estimate.firings_s - plan.rounds * len(plan.lanes) * BETWEEN_FIRINGS_S


def test_a_rate_takes_its_duration() -> None:
    assert firings_s(
        scenario="mixed", rate_rps=10.0, duration_s=2.0, lanes=["bridged@daphne"]
    ) == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("lanes", "requests", "delay_s", "expected_s"),
    [
        (["sync@gunicorn-sync"], 40, 0.1, 40 * 0.1 * 3),
        (["sync@gunicorn-gthread"], 100, 0.1, 13 * 0.1 * 3),
        (["async-blocking@uvicorn"], 10, 0.5, 10 * 0.5 * 3),
        # Nothing limits these but their CPU time.
        (["async@daphne"], 1000, 3.0, (3.0 + 1000 * USUAL_CPU_S) * 3),
        (["sync@gunicorn-gthread", "async@daphne"], 4, 1.0, (1 + 1 + 8 * USUAL_CPU_S) * 3),
    ],
)
def test_a_burst_of_waits_takes_what_theory_says_and_its_cpu_time(
    lanes: list[str], requests: int, delay_s: float, expected_s: float
) -> None:
    estimated_s = firings_s(lanes=lanes, requests=requests, parameters={"delay": delay_s})
    assert estimated_s == pytest.approx(expected_s)


def test_the_cpu_time_is_that_of_earlier_runs() -> None:
    costs = Costs({"async@daphne": LaneCost(cpu_s=0.01, busy_s=0.011)}, WARM.start_s)
    options: dict[str, Any] = {
        "lanes": ["async@daphne"],
        "requests": 100,
        "parameters": {"delay": 0.5},
    }
    assert firings_s(costs, **options) == pytest.approx(3 * (0.5 + 1.0))
    # A lane that was never fired is taken as its variant under other servers.
    assert firings_s(costs, **{**options, "lanes": ["async@uvicorn"]}) == pytest.approx(4.5)


def test_work_without_a_wait_takes_what_its_throughput_says() -> None:
    options: dict[str, Any] = {
        "scenario": "cpu",
        "lanes": ["sync@gunicorn-gthread"],
        "requests": 50,
    }
    assert firings_s(**options) is None
    costs = Costs({"sync@gunicorn-gthread": LaneCost(0.02, 0.04)}, WARM.start_s)
    assert firings_s(costs, **options) == pytest.approx(3 * 50 * 0.04)


def test_each_server_that_is_not_warm_is_started_once() -> None:
    costs = Costs(start_s={"daphne": 0.0, "uvicorn": 2.5, "gunicorn-gthread": 4.0}.__getitem__)
    plans = [
        make_plan(PROJECT, scenario="sleep", lanes=lanes)
        for lanes in (
            ["sync@gunicorn-gthread", "async@daphne"],
            ["sync@gunicorn-gthread", "async@uvicorn"],
        )
    ]
    single = [estimate_of(PROJECT, plan, costs) for plan in plans]
    assert [estimate.starts_s for estimate in single if estimate] == [4.0, 6.5]
    together = estimate_of_all(PROJECT, plans, costs)
    assert together is not None
    assert together.starts_s == 6.5
    assert together.firings_s == pytest.approx(sum(e.firings_s for e in single if e))


@given(
    requests=st.integers(1, 9_999),
    rounds=st.integers(1, 40),
    cpu_s=st.floats(0, 1),
    start_s=st.floats(0, 60),
)
def test_more_of_anything_never_takes_less(
    requests: int, rounds: int, cpu_s: float, start_s: float
) -> None:
    def total_s(requests: int, rounds: int, cpu_s: float, start_s: float) -> float:
        lane = "async@daphne"
        plan = make_plan(PROJECT, scenario="sleep", lanes=[lane], requests=requests, rounds=rounds)
        costs = Costs({lane: LaneCost(cpu_s, None)}, lambda server: start_s)
        estimate = estimate_of(PROJECT, plan, costs)
        assert estimate is not None
        return estimate.total_s

    least = total_s(requests, rounds, cpu_s, start_s)
    assert least >= 0
    assert total_s(requests + 1, rounds, cpu_s, start_s) >= least
    assert total_s(requests, rounds + 1, cpu_s, start_s) >= least
    assert total_s(requests, rounds, cpu_s + 0.1, start_s + 1) >= least
