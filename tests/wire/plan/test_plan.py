"""A plan that exists is valid; problems are reported by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import (
    MAX_CONCURRENCY,
    Burst,
    Firing,
    Lane,
    Load,
    Plan,
    Rate,
    load_from_json,
)

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
        ({"load": Burst(100_000, 1), "rounds": 6}, "requests", "1,000,000 requests in"),
        ({"load": Rate(0, 1)}, "rate", "above 0 to 10000 a second, found 0"),
        ({"load": Rate(float("nan"), 1)}, "rate", "found nan"),
        ({"load": Rate(10_001, 1)}, "rate", "found 10001"),
        ({"load": Rate(1, float("inf"))}, "duration", "above 0 to 600 s, found inf"),
        ({"load": Rate(1, -1.0)}, "duration", "found -1.0"),
        ({"load": Rate(1000, 101)}, "duration", "at most 100,000 requests (rate x duration)"),
        ({"load": Rate(1000, 100), "rounds": 6}, "duration", "1,000,000 requests in one run"),
        ({"load": Rate(10, 1, concurrency=0)}, "concurrency", "expected 1 to 10000, found 0"),
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


def test_too_many_requests_at_once_are_one_problem_not_two() -> None:
    with pytest.raises(InvalidPlan) as refused:
        plan(load=Burst(0, 0))
    assert [problem.field for problem in refused.value.problems] == ["requests"]


@given(st.integers(1, 1000), st.data())
def test_a_plan_survives_json(requests: int, data: st.DataObject) -> None:
    concurrency = data.draw(st.integers(1, requests))
    made = plan(load=Burst(requests, concurrency))
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


@given(st.floats(0.1, 300), st.floats(0.1, 300), st.booleans(), st.integers(1, 10_000))
def test_so_does_one_with_a_rate(rate: float, duration: float, poisson: bool, most: int) -> None:
    made = plan(load=Rate(rate, duration, poisson, most), rounds=1)
    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    ("rate", "duration", "requests"), [(500, 10, 5000), (0.1, 1, 1), (3, 0.5, 2), (1, 2.6, 3)]
)
def test_a_rate_knows_how_many_requests_it_is(rate: float, duration: float, requests: int) -> None:
    assert Rate(rate, duration).requests == requests


@pytest.mark.parametrize(
    ("stored", "load"),
    [
        ({"requests": 5, "concurrency": 2}, Burst(5, 2)),
        ({"kind": "burst", "requests": 5, "concurrency": 2}, Burst(5, 2)),
        (
            {"kind": "rate", "rate_rps": 50.0, "duration_s": 2.0, "poisson": True},
            Rate(50.0, 2.0, True, MAX_CONCURRENCY),
        ),
    ],
)
def test_a_stored_load_is_known_by_its_kind(stored: dict[str, Any], load: Load) -> None:
    assert load_from_json(stored) == load


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
        seed=7,
    )
    assert Firing.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize("text", ["", "sync", "@daphne", "sync@", "a@b@c"])
def test_a_lane_is_variant_at_server(text: str) -> None:
    with pytest.raises(InvalidPlan, match="VARIANT@SERVER"):
        Lane.parse(text)


@pytest.mark.parametrize(
    "stored", [{}, {"scenario": "sleep", "load": 3}, {**plan().to_json(), "load": {"kind": "none"}}]
)
def test_a_stored_plan_that_is_none_is_refused(stored: dict[str, Any]) -> None:
    with pytest.raises(InvalidPlan, match="stored plan"):
        Plan.from_json(stored)
