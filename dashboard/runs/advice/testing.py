"""A piece of advice as the run that tests it, and what such runs have shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dashboard.analysis.advice.outcome import outcome_of
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.planning.command_line import command_line
from dashboard.runs.reports.readable import readable
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Lane, Plan
from dashboard.wire.report.advice import Advice, AdviceOutcome, AdviceUnderTest

from .advised import advice_of

OPTION = "--advice"
FIELD = "advice"


@dataclass(frozen=True)
class Fired:
    """A run that tests a piece of advice: its id and status, and the outcome once it has one."""

    run: str
    status: str
    outcome: AdviceOutcome | None


def plan_of_test(plan: Plan, advice: Advice) -> Plan:
    """Return the plan that fires the advised lane beside the present one, with the same load.

    Raises InvalidPlan if no lane tests the advice.
    """
    if advice["fires"] is None:
        raise InvalidPlan(Problem(FIELD, f"expected one with a lane: {advice['untested']}"))
    lanes = (Lane.parse(advice["lane"]), Lane.parse(advice["fires"]))
    prediction = advice["prediction"]
    needs_bystander = prediction is not None and prediction["metric"] == "bystander_ms_p50"
    return replace(plan, lanes=lanes, bystander=plan.bystander or needs_bystander)


def advice_under_test(run: Run, number: int, project: Project) -> AdviceUnderTest:
    """Return a piece of advice of a run, by its number from 1. Raises InvalidPlan without one."""
    advice = advice_of(run, project)
    if not 1 <= number <= len(advice):
        expected = f"1 to {len(advice)}" if advice else "a run with advice"
        raise InvalidPlan(Problem(FIELD, f"expected {expected}, found {run.pk}/{number}"))
    return {"run": run.pk, "number": number, "advice": advice[number - 1]}


def named_advice(text: str, project: Project) -> AdviceUnderTest:
    """Return the advice that `RUN/NUMBER` names. Raises InvalidPlan if there is none."""
    run_id, slash, number = text.partition("/")
    run = Run.objects.filter(pk=run_id, deleted=None).first() if slash else None
    if run is None or not (number.isascii() and number.isdecimal()):
        message = f"expected RUN/NUMBER with the id of a stored run, found {text!r}"
        raise InvalidPlan(Problem(FIELD, message))
    return advice_under_test(run, int(number), project)


def check_plan(plan: Plan, tested: AdviceUnderTest) -> None:
    """Raise InvalidPlan unless a plan fires the lane that tests the advice."""
    lanes, wanted = [str(lane) for lane in plan.lanes], tested["advice"]["fires"]
    if wanted not in lanes:
        message = f"expected the lane {wanted or 'of the advice'}, found {', '.join(lanes)}"
        raise InvalidPlan(Problem(FIELD, message))


def command_of_test(
    run: Run,
    number: int,
    advice: Advice,
    project: str | None,
    program: Sequence[str],
    *,
    named: bool = True,
) -> str:
    """Return the command that fires the test of a piece of advice; empty if no lane tests it.

    Not `named`, it fires the same lanes and does not know the advice.
    """
    if advice["fires"] is None:
        return ""
    command = command_line(plan_of_test(Plan.from_json(run.plan), advice), project, program)
    return f"{command} {OPTION} {run.pk}/{number}" if named else command


def fired_tests(run: Run, advice: Advice) -> list[Fired]:
    """Return the runs that test a piece of advice of a run, the newest first.

    Matched by the lane that they fire: once the run was sampled, its advice may have other numbers.
    """
    rows = Run.objects.filter(advised_by=run.pk, deleted=None)
    return [
        Fired(test.pk, test.status, outcome_of_test(test))
        for test in readable(rows)
        if advice["fires"] is not None and _fired_lane(test) == advice["fires"]
    ]


def _fired_lane(test: Run) -> str | None:
    """Return the advised lane that a run fires; None if what is stored of it is damaged."""
    try:
        lane: str | None = test.tested_advice["advice"]["fires"]
    except (LookupError, TypeError):
        return None
    return lane


def outcome_of_test(run: Run) -> AdviceOutcome | None:
    """Return what a run showed of the advice that it tests; None if it tests none, or not yet."""
    report, tested = measured_report(run), run.tested_advice
    if report is None or not tested:
        return None
    try:
        return outcome_of(tested["advice"], report)
    except (LookupError, TypeError, ValueError):  # a damaged row
        return None
