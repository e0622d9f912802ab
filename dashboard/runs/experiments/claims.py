"""The claims of a project: what each is fired with, and whether it holds on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.analysis.report.claims import decide
from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.report.lane_number import LaneNumber
from dashboard.models import Experiment, Run, Status
from dashboard.project.model.scenario import Claim
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import ExperimentPlan, Step, Steps, fire_with_retry
from dashboard.runs.reports.stored import stored_report
from dashboard.wire.codec import JsonObject, to_json
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Plan
from dashboard.wire.plural import counted
from dashboard.wire.report.claim_verdict import ClaimVerdict

from .sweep import Sweep, make_sweep


@dataclass(frozen=True)
class ClaimStatus(JsonObject):
    """What the runs of a claim show.

    `latest` is its last run, however it ended; `decided` the last finished one, with its
    `verdict`. Runs of another definition than the claim has now do not count. `refusal` is why it
    cannot be fired, empty if it can.
    """

    claim: Claim
    latest: Run | None = None
    decided: Run | None = None
    verdict: ClaimVerdict | None = None
    refusal: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what `manage.py claims --json` prints: of runs and the claim only their names."""
        return {
            "claim": self.claim.name,
            "text": self.claim.text,
            "run": self.latest.pk if self.latest else None,
            "status": self.latest.status if self.latest else None,
            "verdict": to_json(self.verdict),
            "decided_by": self.decided.pk if self.decided else None,
        }


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
    return [claim for claim in project.claims.values() if not _refusal(project, claim)]


def _refusal(project: Project, claim: Claim) -> str:
    try:
        plan_of(project, claim)
    except InvalidPlan as error:
        return str(error)
    return ""


def claim_statuses(project: Project) -> list[ClaimStatus]:
    """Return the status of each claim, in the order of the lab.toml."""
    return [claim_status(project, claim) for claim in project.claims.values()]


def claim_status(project: Project, claim: Claim) -> ClaimStatus:
    """Return the status of a claim by its stored runs."""
    if refusal := _refusal(project, claim):
        return ClaimStatus(claim, refusal=refusal)
    latest, decided = _runs_of(project, claim, plan_of(project, claim))
    return ClaimStatus(claim, latest, decided, verdict_of(claim, decided) if decided else None)


def claim_statuses_in(claims: Sequence[Claim], experiment: Experiment) -> list[ClaimStatus]:
    """Return the status of each claim by its last run in this experiment, if it has one."""
    last = {run.claim: run for run in experiment.runs.order_by("position")}
    return [_claim_status_in(claim, last[claim.name]) for claim in claims if claim.name in last]


def _claim_status_in(claim: Claim, run: Run) -> ClaimStatus:
    if run.status != Status.FINISHED:
        return ClaimStatus(claim, run)
    return ClaimStatus(claim, run, run, verdict_of(claim, run))


def verdict_of(claim: Claim, run: Run) -> ClaimVerdict | None:
    """Return what a run shows of the claim that it was fired for; None without a report."""
    report = stored_report(run)
    if report is None:
        return None
    return decide([str(expectation) for expectation in claim.expect], report)


def _runs_of(project: Project, claim: Claim, plan: Plan) -> tuple[Run | None, Run | None]:
    """Return the last run of the claim's current definition, and the last finished one."""
    latest = None
    runs = Run.objects.filter(project=project.name, claim=claim.name, deleted=None)
    for run in runs.defer("report"):  # it is large, and fetched only of the run that needs it
        if not _fires(run, plan):
            continue
        latest = latest or run
        if run.status == Status.FINISHED:
            return latest, run
    return latest, None


def _fires(run: Run, plan: Plan) -> bool:
    """Return True if the run has this plan; the seed is drawn anew each time."""
    try:
        return replace(Plan.from_json(run.plan), seed=plan.seed) == plan
    except InvalidPlan:  # stored by a version that knew other plans
        return False
