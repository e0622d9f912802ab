"""The claims of a project: what each is fired with, alone or one after another."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.report.lane_number import LaneNumber
from dashboard.models import Experiment
from dashboard.project.model.scenario import Claim
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import ExperimentPlan, Step, Steps, fire_with_retry
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Plan
from dashboard.wire.plural import counted

from .sweep import Sweep, make_sweep


def claim_of(project: Project, name: str) -> Claim:
    """Return the claim of that name; raises InvalidPlan if there is none."""
    if name not in project.claims:
        expected = f"one of {', '.join(project.claims)}" if project.claims else "none"
        raise InvalidPlan(Problem("claim", f"expected {expected}, found {name!r}"))
    return project.claims[name]


def plan_of(project: Project, claim: Claim) -> Plan:
    """Return the plan of a claim; raises InvalidPlan if it cannot be fired."""
    return make_plan(
        project,
        scenario=claim.scenario,
        lanes=lanes_of(claim),
        requests=claim.requests,
        concurrency=claim.concurrency,
        rounds=claim.rounds,
        parameters=claim.parameters,
        send_kb_per_s=claim.send_kb_per_s,
    )


def sweep_of(project: Project, claim: Claim) -> Sweep | None:
    """Return the sweep of a claim's lanes over the loads that it names; None if it names none.

    Raises InvalidPlan if it cannot be fired.
    """
    if claim.sweep is None:
        return None
    return make_sweep(
        project,
        scenario=claim.scenario,
        over=claim.sweep.over,
        levels=claim.sweep.levels,
        lanes=lanes_of(claim),
        parameters=claim.parameters,
    )


def lanes_of(claim: Claim) -> list[str]:
    """Return every lane that a claim names, first those that others are compared with.

    So the first is the run's baseline, and the interval that the claim needs is the run's. Raises
    InvalidPlan for a metric that no report has.
    """
    expectations = [Expectation.parse(str(expectation)) for expectation in claim.expect]
    for expectation in expectations:
        expectation.check_metrics()
    baselines = [
        metric.lane
        for expectation in expectations
        for metric in (expectation.over, expectation.right)
        if isinstance(metric, LaneNumber)
    ]
    compared = [expectation.left.lane for expectation in expectations]
    return list(dict.fromkeys([*baselines, *compared]))


def claims_experiment(project: Project, claims: Sequence[Claim]) -> ExperimentPlan:
    """Return an experiment that fires these claims in turn; raises InvalidPlan if one cannot be."""
    steps = [Step(claim.name, plan_of(project, claim), claim.name) for claim in claims]
    title = claims[0].text if len(claims) == 1 else counted(len(claims), "claim")
    names = [claim.name for claim in claims]
    return ExperimentPlan(Experiment.Kind.CLAIMS, title, {"claims": names}, _one_by_one(steps))


def _one_by_one(steps: Sequence[Step]) -> Steps:
    for step in steps:
        yield from fire_with_retry(step)


def fireable(project: Project) -> list[Claim]:
    """Return the claims that can be fired here; the cards of the others show why not."""
    return [claim for claim in project.claims.values() if not refusal(project, claim)]


def refusal(project: Project, claim: Claim) -> str:
    """Return why a claim cannot be fired here; empty if it can."""
    try:
        plan_of(project, claim)
    except InvalidPlan as error:
        return str(error)
    return ""
