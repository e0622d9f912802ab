"""The claims of a project: what each is fired with, and where it stands on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboard.analysis.report.claims import ClaimVerdict, decide
from dashboard.analysis.report.expectations import Expectation, Metric
from dashboard.models import Experiment, Run, Status
from dashboard.project.labtoml.load import Claim, Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import ExperimentPlan, Step, Steps, fire_with_retry
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import Plan
from dashboard.wire.plural import counted

from .sweep import Sweep, make_sweep


@dataclass(frozen=True)
class ClaimStatus:
    """Where a claim stands.

    `latest` is its last run, whatever became of that; `decided` the last one that finished, with
    the `verdict` that it comes to. Runs that were fired with anything else than the claim is now
    are not its own any more. `refusal` says why it cannot be fired, where it cannot.
    """

    claim: Claim
    latest: Run | None = None
    decided: Run | None = None
    verdict: ClaimVerdict | None = None
    refusal: str = ""

    def to_json(self) -> dict[str, Any]:
        """As `manage.py claims --json` prints it."""
        return {
            "claim": self.claim.name,
            "text": self.claim.text,
            "run": self.latest.pk if self.latest else None,
            "status": self.latest.status if self.latest else None,
            "verdict": self.verdict.to_json() if self.verdict else None,
            "decided_by": self.decided.pk if self.decided else None,
        }


def claim_of(project: Project, name: str) -> Claim:
    """The claim of that name; raises InvalidPlan where there is none."""
    if name not in project.claims:
        known = f"one of {', '.join(project.claims)}" if project.claims else "none"
        raise InvalidPlan(Problem("claim", f"expected {known}, found {name!r}"))
    return project.claims[name]


def plan_of(project: Project, claim: Claim) -> Plan:
    """What a claim is fired with; raises InvalidPlan where that cannot be fired."""
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
    """The claim's lanes along the loads that it names; None where it names none.

    Raises InvalidPlan where that cannot be fired.
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
    """Every lane that it speaks of; those that others are held against first.

    So the first of them is the run's baseline, and the interval that a claim needs is the run's.
    Raises InvalidPlan for a metric that no report has.
    """
    asked = [Expectation.parse(str(expectation)) for expectation in claim.expect]
    for expectation in asked:
        expectation.check_metrics()
    against = [
        metric.lane
        for expectation in asked
        for metric in (expectation.over, expectation.right)
        if isinstance(metric, Metric)
    ]
    return list(dict.fromkeys([*against, *(expectation.left.lane for expectation in asked)]))


def claims_experiment(project: Project, claims: Sequence[Claim]) -> ExperimentPlan:
    """An experiment that fires these claims one after the other; raises InvalidPlan for one."""
    steps = [Step(claim.name, plan_of(project, claim), claim.name) for claim in claims]
    title = claims[0].text if len(claims) == 1 else counted(len(claims), "claim")
    names = [claim.name for claim in claims]
    return ExperimentPlan(Experiment.Kind.CLAIMS, title, {"claims": names}, _one_by_one(steps))


def _one_by_one(steps: Sequence[Step]) -> Steps:
    for step in steps:
        yield from fire_with_retry(step)


def fireable(project: Project) -> list[Claim]:
    """The claims that can be fired here; the others say on their cards why not."""
    return [claim for claim in project.claims.values() if not _refusal(project, claim)]


def _refusal(project: Project, claim: Claim) -> str:
    try:
        plan_of(project, claim)
    except InvalidPlan as error:
        return str(error)
    return ""


def claim_statuses(project: Project) -> list[ClaimStatus]:
    """Where each claim stands, in the order of the lab.toml."""
    return [claim_status(project, claim) for claim in project.claims.values()]


def claim_status(project: Project, claim: Claim) -> ClaimStatus:
    """Where a claim stands by its stored runs."""
    if refusal := _refusal(project, claim):
        return ClaimStatus(claim, refusal=refusal)
    latest, decided = _runs_of(project, claim, plan_of(project, claim))
    return ClaimStatus(claim, latest, decided, verdict_of(claim, decided) if decided else None)


def claim_statuses_in(claims: Sequence[Claim], experiment: Experiment) -> list[ClaimStatus]:
    """Where each claim that was fired stands by its last run in this experiment."""
    last = {run.claim: run for run in experiment.runs.order_by("position")}
    return [_claim_status_in(claim, last[claim.name]) for claim in claims if claim.name in last]


def _claim_status_in(claim: Claim, run: Run) -> ClaimStatus:
    if run.status != Status.FINISHED:
        return ClaimStatus(claim, run)
    return ClaimStatus(claim, run, run, verdict_of(claim, run))


def verdict_of(claim: Claim, run: Run) -> ClaimVerdict:
    """What a run that finished says of the claim that it was fired for."""
    return decide([str(expectation) for expectation in claim.expect], run.report)


def _runs_of(project: Project, claim: Claim, plan: Plan) -> tuple[Run | None, Run | None]:
    """The last run of a claim as it is now, and the last of these that finished."""
    latest = None
    kept = Run.objects.filter(project=project.name, claim=claim.name, deleted=None)
    for run in kept.defer("report"):  # which is large, and fetched of the one that is needed
        if not _fires(run, plan):
            continue
        latest = latest or run
        if run.status == Status.FINISHED:
            return latest, run
    return latest, None


def _fires(run: Run, plan: Plan) -> bool:
    """Whether the run is what this plan asks for; the seed is drawn anew each time."""
    try:
        return replace(Plan.from_json(run.plan), seed=plan.seed) == plan
    except InvalidPlan:  # stored by a version that knew other plans
        return False
