"""A plan is right when it exists; what is wrong with it is said by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import Burst, Firing, Lane, Plan

LANES = (Lane("sync", "gunicorn-sync"), Lane("async", "daphne"))


def plan(**changes: Any) -> Plan:
    fields: dict[str, Any] = {
        "scenario": "sleep",
        "lanes": LANES,
        "load": Burst(100, 100),
        "rounds": 3,
        "seed": 7,
        "parameters": {"delay": 0.1},
        "timeout_s": 30.0,
    }
    return Plan(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"load": Burst(0, 0)}, "requests", "expected 1 to 100000, found 0"),
        ({"load": Burst(100_001, 1)}, "requests", "found 100001"),
        ({"load": Burst(10, 11)}, "concurrency", "at most the 10 requests, found 11"),
        ({"load": Burst(10, 0)}, "concurrency", "expected 1 to 10000, found 0"),
        ({"rounds": 0}, "rounds", "expected 1 to 100, found 0"),
        ({"seed": -1}, "seed", "found -1"),
        ({"timeout_s": 0.0}, "timeout", "above 0"),
        ({"timeout_s": float("nan")}, "timeout", "nan"),
        ({"lanes": ()}, "lanes", "1 to 6 lanes, found 0"),
        ({"lanes": LANES * 2}, "lanes", "each lane once"),
        ({"load": Burst(100_000, 1), "rounds": 6}, "requests", "1,000,000 in one run"),
    ],
)
def test_out_of_bounds_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan(**changes)
    assert [problem.field for problem in refused.value.problems] == [field]
    assert message in refused.value.problems[0].message


def test_every_problem_is_said_at_once() -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan(load=Burst(0, -1), rounds=0)
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["requests", "concurrency", "rounds"]


def test_everybody_at_once_is_one_mistake_and_not_two() -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan(load=Burst(0, 0))
    assert [problem.field for problem in refused.value.problems] == ["requests"]


@given(st.integers(1, 1000), st.data())
def test_a_plan_survives_json(requests: int, data: st.DataObject) -> None:
    concurrency = data.draw(st.integers(1, requests))
    made = plan(load=Burst(requests, concurrency))
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


def test_a_firing_survives_json() -> None:
    made = Firing(
        lane=1,
        round=2,
        host="127.0.0.1",
        port=8000,
        path="/",
        load=Burst(5, 5),
        timeout_s=1.0,
        headers=(("accept", "*/*"),),
    )
    assert Firing.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize("text", ["", "sync", "@daphne", "sync@", "a@b@c"])
def test_a_lane_is_variant_at_server(text: str) -> None:
    with pytest.raises(InvalidPlan, match="VARIANT@SERVER"):
        Lane.parse(text)


@pytest.mark.parametrize("stored", [{}, {"scenario": "sleep", "load": 3}])
def test_a_stored_plan_that_is_none_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlan, match="stored plan"):
        Plan.from_json(stored)
