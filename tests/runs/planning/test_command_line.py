"""The command that the page shows has the same plan as the page."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from dashboard.management.commands import burst
from dashboard.runs.planning.command_line import COMMAND, command_line
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.planning.program import DEFAULT_PROGRAM
from dashboard.wire.plan.plan import CLIENTS, Plan
from tests.runs.fakes import FakeTargets

PROJECT = FakeTargets().project


def plan_of(command: str) -> Plan:
    """Return the plan of a command line."""
    words = shlex.split(command)
    assert tuple(words[:3]) == (*DEFAULT_PROGRAM, COMMAND)
    options = burst.Command().create_parser("manage.py", "burst").parse_args(words[3:])
    return burst._plan(PROJECT, vars(options))


@given(
    requests=st.integers(1, 1000),
    rounds=st.integers(1, 20),
    delay=st.floats(0, 10, allow_nan=False),
    timeout_s=st.floats(0.1, 300),
    seed=st.integers(0, 2**31 - 1),
    client=st.sampled_from(CLIENTS),
    margin=st.floats(0.001, 0.5),
    until_sure=st.booleans(),
    limit_s=st.none() | st.floats(0, 60),
    where=st.booleans(),
)
def test_bursts(delay: float, **given: Any) -> None:
    assume(not given["until_sure"] or given["rounds"] >= 5)
    assume(given["limit_s"] is None or given["until_sure"])
    plan = make_plan(PROJECT, scenario="sleep", parameters={"delay": delay}, **given)
    assert plan_of(command_line(plan)) == plan


@given(rate=st.floats(0.5, 1000), duration=st.floats(1, 60), poisson=st.booleans())
def test_rates(rate: float, duration: float, poisson: bool) -> None:
    plan = make_plan(
        PROJECT, scenario="sleep", rate_rps=rate, duration_s=duration, poisson=poisson, rounds=1
    )
    assert plan_of(command_line(plan)) == plan


@pytest.mark.parametrize("lanes", [[], ["async@uvicorn:loop=asyncio"]])
def test_a_a_runs(lanes: list[str]) -> None:
    plan = make_plan(PROJECT, scenario="sleep", lanes=lanes, control=True)
    assert plan_of(command_line(plan)) == plan


def test_a_project_other_than_the_default_is_named() -> None:
    plan = make_plan(PROJECT, scenario="sleep")
    assert command_line(plan, "my shop/lab.toml").endswith("--project 'my shop/lab.toml'")
