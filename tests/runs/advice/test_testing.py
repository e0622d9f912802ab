"""A piece of advice as the run that tests it: its plan, its command, its name."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from dashboard.management.commands import burst
from dashboard.models import Run, Status
from dashboard.runs.advice.testing import (
    check_plan,
    command_of_test,
    fired_tests,
    named_advice,
    plan_of_test,
)
from dashboard.runs.planning.command_line import COMMAND
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.planning.program import DEFAULT_PROGRAM
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan.plan import Lane
from tests.runs.fakes import _liveapp

from .pieces import ADVICE, READ

PROJECT = _liveapp()
BYSTANDER: Any = {
    **ADVICE,
    "prediction": {**(ADVICE["prediction"] or {}), "metric": "bystander_ms_p50"},
}


def advised(*pieces: Any) -> Run:
    """Return a stored run with this advice."""
    plan = make_plan(PROJECT, scenario="sleep", requests=40, rounds=2, seed=1, bystander=False)
    report: Any = {"advice": list(pieces)}
    return Run.objects.create(
        plan=plan.to_json(),
        project=PROJECT.name,
        status=Status.FINISHED,
        owner_pid=0,
        owner_started=0,
        report=report,
    )


def test_the_plan_has_both_lanes_and_everything_else_of_the_run() -> None:
    plan = make_plan(PROJECT, scenario="sleep", requests=40, concurrency=20, rounds=7, seed=3)
    test = plan_of_test(plan, ADVICE)
    assert test.lanes == (
        Lane("sync", "gunicorn-gthread"),
        Lane("sync", "gunicorn-gthread:threads=40"),
    )
    assert {**vars(test), "lanes": plan.lanes} == vars(plan)


def test_a_prediction_of_the_bystander_needs_one() -> None:
    plan = make_plan(PROJECT, scenario="sleep", bystander=False)
    assert not plan_of_test(plan, ADVICE).bystander
    assert plan_of_test(plan, BYSTANDER).bystander


def test_advice_without_a_lane_has_no_plan_and_no_command() -> None:
    plan = make_plan(PROJECT, scenario="sleep")
    with pytest.raises(InvalidPlan, match="expected one with a lane"):
        plan_of_test(plan, READ)
    assert command_of_test(Run(plan=plan.to_json()), 1, READ, None, DEFAULT_PROGRAM) == ""


def test_the_command_fires_that_plan_and_names_the_advice() -> None:
    plan = make_plan(PROJECT, scenario="sleep", requests=40, rounds=7, seed=3)
    run = Run(pk="bcdfghjk", plan=plan.to_json())
    words = shlex.split(command_of_test(run, 2, ADVICE, None, DEFAULT_PROGRAM))
    assert tuple(words[: len(DEFAULT_PROGRAM) + 1]) == (*DEFAULT_PROGRAM, COMMAND)
    parser = burst.Command().create_parser("manage.py", COMMAND)
    options = vars(parser.parse_args(words[len(DEFAULT_PROGRAM) + 1 :]))
    assert burst._plan(PROJECT, options) == plan_of_test(plan, ADVICE)
    assert options["advice"] == "bcdfghjk/2"
    unnamed = command_of_test(run, 2, ADVICE, None, DEFAULT_PROGRAM, named=False)
    assert "--advice" not in unnamed


@pytest.mark.django_db
def test_advice_is_named_by_run_and_number() -> None:
    run = advised(ADVICE, READ)
    assert named_advice(f"{run.pk}/1", PROJECT) == {
        "run": run.pk, "number": 1, "advice": ADVICE
    }  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none/1", "expected RUN/NUMBER"),
        ("{run}", "expected RUN/NUMBER"),
        ("{run}/x", "expected RUN/NUMBER"),
        ("{run}/-1", "expected RUN/NUMBER"),
        ("{run}/²", "expected RUN/NUMBER"),
        ("/1", "expected RUN/NUMBER"),
        ("", "expected RUN/NUMBER"),
        ("{run}/0", "expected 1 to 1"),
        ("{run}/2", "expected 1 to 1"),
    ],
)
def test_advice_that_does_not_exist_is_refused(text: str, expected: str) -> None:
    run = advised(ADVICE)
    with pytest.raises(InvalidPlan, match=f"advice: {expected}"):
        named_advice(text.format(run=run.pk), PROJECT)


@pytest.mark.django_db
def test_a_run_without_advice_has_none_to_name() -> None:
    with pytest.raises(InvalidPlan, match="expected a run with advice"):
        named_advice(f"{advised().pk}/1", PROJECT)


def test_a_plan_that_does_not_fire_the_lane_tests_nothing() -> None:
    plan = make_plan(PROJECT, scenario="sleep")
    with pytest.raises(InvalidPlan, match="expected the lane sync@gunicorn-gthread:threads=40"):
        check_plan(plan, {"run": "r", "number": 1, "advice": ADVICE})
    check_plan(plan_of_test(plan, ADVICE), {"run": "r", "number": 1, "advice": ADVICE})


@pytest.mark.django_db
def test_the_tests_of_a_piece_are_listed_by_its_lane_the_newest_first() -> None:
    other: Any = {**ADVICE, "fires": "sync@uvicorn"}
    run = advised(other, ADVICE)
    made = [advised(), advised(), advised()]
    for piece, test in zip((ADVICE, other, ADVICE), made, strict=True):
        test.advised_by, test.report = run.pk, None
        test.tested_advice = {"run": run.pk, "number": 1, "advice": piece}
        test.save()
    assert [test.run for test in fired_tests(run, ADVICE)] == [made[2].pk, made[0].pk]
    assert [(test.run, test.outcome) for test in fired_tests(run, other)] == [(made[1].pk, None)]
    assert fired_tests(run, READ) == []
