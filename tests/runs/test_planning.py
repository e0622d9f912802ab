"""What is not given is the scenario's own, and the estimate is theory's."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.planning import estimate_s, make_plan
from dashboard.targets.manifest import load_manifest
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import Burst

from .fakes import LIVEAPP

PROJECT = load_manifest(LIVEAPP)


def test_a_press_fires_everybody_at_once_at_the_scenarios_lanes() -> None:
    plan = make_plan(PROJECT, scenario="sleep", requests=10)
    assert plan.load == Burst(10, 10)
    assert [str(lane) for lane in plan.lanes] == [
        "sync@gunicorn-gthread",
        "sync@daphne",
        "async@daphne",
    ]
    assert (plan.rounds, plan.parameters) == (3, {"delay": 0.1})


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"scenario": "nothing"}, "scenario"),
        ({"lanes": ["sync@apache"]}, "lanes"),
        ({"lanes": ["other@daphne"]}, "lanes"),
        ({"parameters": {"delay": 10.1}}, "parameters.delay"),
        ({"parameters": {"delay": float("nan")}}, "parameters.delay"),
        ({"parameters": {"speed": 1.0}}, "parameters.speed"),
        ({"requests": 0}, "requests"),
        ({"requests": 10, "concurrency": 11}, "concurrency"),
    ],
)
def test_what_cannot_be_fired_is_refused_by_field(asked: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        make_plan(PROJECT, **{"scenario": "sleep", **asked})
    assert field in [problem.field for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("lanes", "requests", "delay_s", "expected_s"),
    [
        (["sync@gunicorn-sync"], 40, 0.1, 40 * 0.1 * 3),
        (["sync@gunicorn-gthread"], 100, 0.1, 13 * 0.1 * 3),
        (["async@daphne"], 1000, 3.0, 3.0 * 3),
        (["async-blocking@uvicorn"], 10, 0.5, 10 * 0.5 * 3),
        (["sync@gunicorn-gthread", "async@daphne"], 4, 1.0, (1 + 1) * 1.0 * 3),
    ],
)
def test_the_estimate_is_turns_times_delay_times_rounds(
    lanes: list[str], requests: int, delay_s: float, expected_s: float
) -> None:
    plan = make_plan(
        PROJECT, scenario="sleep", lanes=lanes, requests=requests, parameters={"delay": delay_s}
    )
    assert estimate_s(PROJECT, plan) == pytest.approx(expected_s)
