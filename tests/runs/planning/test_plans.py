"""Plans: the scenario's defaults, what is refused, and theory."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.planning.plans import make_plan, theory_s
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import MAX_CONCURRENCY, Burst, Load, Plan, Rate
from tests.runs.fakes import LIVEAPP

PROJECT = load_manifest(LIVEAPP)


def test_by_default_all_requests_are_fired_at_once_at_the_scenarios_lanes() -> None:
    plan = make_plan(PROJECT, scenario="sleep", requests=10)
    assert plan.load == Burst(10, 10)
    assert [str(lane) for lane in plan.lanes] == [
        "sync@gunicorn-gthread",
        "sync@daphne",
        "async@daphne",
    ]
    assert (plan.rounds, plan.parameters) == (3, {"delay": 0.1})


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"scenario": "nothing"}, "scenario"),
        ({"lanes": ["sync@apache"]}, "lanes"),
        ({"lanes": ["other@daphne"]}, "lanes"),
        ({"parameters": {"delay": 10.1}}, "parameters.delay"),
        ({"parameters": {"delay": float("nan")}}, "parameters.delay"),
        ({"parameters": {"speed": 1.0}}, "parameters.speed"),
        ({"requests": 0}, "requests"),
        ({"requests": 10, "concurrency": 11}, "concurrency"),
        ({"rate_rps": 100.0}, "duration"),
        ({"duration_s": 2.0}, "rate"),
        ({"poisson": True}, "rate"),
        ({"rate_rps": 0.0, "duration_s": 2.0}, "rate"),
        ({"rate_rps": float("nan"), "duration_s": 2.0}, "rate"),
        ({"rate_rps": 100.0, "duration_s": 2.0, "requests": 5}, "requests"),
        ({"rate_rps": 100.0, "duration_s": 2.0, "concurrency": 0}, "concurrency"),
    ],
)
def test_invalid_plans_are_refused_by_field(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        make_plan(PROJECT, **{"scenario": "sleep", **options})
    assert field in [problem.field for problem in refused.value.problems]


@pytest.mark.parametrize("concurrency", [None, 5])
def test_the_concurrency_of_a_rate_is_the_maximum_by_default(
    concurrency: int | None,
) -> None:
    plan = make_plan(
        PROJECT, scenario="sleep", rate_rps=50.0, duration_s=2.0, concurrency=concurrency
    )
    assert plan.load == Rate(50.0, 2.0, concurrency=concurrency or MAX_CONCURRENCY)
    assert plan.load.requests == 100


def test_all_problems_are_reported_together() -> None:
    with pytest.raises(InvalidPlan) as refused:
        make_plan(PROJECT, scenario="sleep", poisson=True, lanes=["sync@apache"])
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["rate", "duration", "lanes"]


@pytest.mark.parametrize(
    ("load", "promised", "expected_s"),
    [
        (Burst(100, 100), 8, 1.3),
        (Burst(96, 96), 8, 1.2),
        (Burst(100, 100), 1, 10.0),
        (Burst(100, 100), None, 0.1),
        (Burst(100, 4), 8, 2.5),
        (Burst(100, 4), None, 2.5),
        (Rate(100.0, 2.0), 8, None),
    ],
)
def test_theory(load: Load, promised: int | None, expected_s: float | None) -> None:
    expected = None if expected_s is None else pytest.approx(expected_s)
    assert theory_s(load, promised, 0.1) == expected
    assert theory_s(load, promised, None) is None


@pytest.mark.parametrize(
    ("scenario", "variant", "parameters", "wait_s"),
    [
        ("fan-out", "gather", {"calls": 4, "latency": 0.1}, 0.1),
        ("fan-out", "sequential", {"calls": 4, "latency": 0.1}, 0.4),
        ("mixed", "bridged", {"calls": 4, "delay": 0.1}, 0.1),
        ("mixed", "gather-bridged", {"calls": 4, "delay": 0.1}, 0.4),
        ("streaming", "async", {"tokens": 20, "interval": 50}, 1.0),  # the interval is in ms
        ("cpu", "sync", {"limit": 10}, None),
    ],
)
def test_a_request_waits_as_long_as_its_variant_declares(
    scenario: str, variant: str, parameters: dict[str, float], wait_s: float | None
) -> None:
    assert PROJECT.scenarios[scenario].wait_s(variant, parameters) == pytest.approx(wait_s)


def test_an_a_a_run_fires_a_lane_beside_its_twin() -> None:
    plan = make_plan(PROJECT, scenario="sleep", control=True)
    assert [str(lane) for lane in plan.lanes] == [
        "sync@gunicorn-gthread",
        "sync@gunicorn-gthread#2",
    ]
    assert Plan.from_json(plan.to_json()) == plan


def test_an_a_a_run_has_one_lane() -> None:
    with pytest.raises(InvalidPlan, match="lanes: expected one lane for an A/A run"):
        make_plan(PROJECT, scenario="sleep", control=True, lanes=["sync@daphne", "async@daphne"])


def test_a_run_until_certain_is_bounded() -> None:
    assert make_plan(PROJECT, scenario="sleep", until_sure=True).rounds == 40
    assert make_plan(PROJECT, scenario="sleep", until_sure=True, rounds=10).rounds == 10


@pytest.mark.parametrize("rounds", [1, 3, 4])
def test_too_few_rounds_to_be_certain_are_refused(rounds: int) -> None:
    with pytest.raises(
        InvalidPlan, match=f"rounds: expected 5 or more for a run until certain, found {rounds}"
    ):
        make_plan(PROJECT, scenario="sleep", until_sure=True, rounds=rounds)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"client": "curl"}, "client: expected one of engine, httpx"),
        ({"margin": 0.0}, "margin: expected above 0"),
        ({"margin": 2.0}, "margin: expected above 0"),
    ],
)
def test_other_invalid_options_are_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidPlan, match=message):
        make_plan(PROJECT, scenario="sleep", **given)


@pytest.mark.parametrize(
    ("scenario", "more", "field"),
    [
        ("sleep", {"send_kb_per_s": 10.0}, "send_kb_per_s"),
        ("sleep", {"every_s": 1.0}, "every"),
        ("upload", {"client": "httpx"}, "client"),
        ("websocket", {"rate_rps": 5.0, "duration_s": 1.0}, "rate"),
        ("upload", {"send_kb_per_s": 0.5}, "send_kb_per_s"),
        ("websocket", {"every_s": -1.0}, "every"),
    ],
)
def test_loads_that_do_not_fit_the_request_mode_are_refused(
    scenario: str, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidPlan) as refused:
        make_plan(PROJECT, scenario=scenario, **more)
    assert field in {problem.field for problem in refused.value.problems}


def test_a_scenarios_own_load_is_the_default() -> None:
    slow = make_plan(PROJECT, scenario="upload-slow").load
    assert slow.send_kb_per_s == 500
    held = make_plan(PROJECT, scenario="websocket", every_s=0.5).load
    assert isinstance(held, Burst)
    assert held.every_s == 0.5
