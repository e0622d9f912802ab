"""Whether the claims of a project hold on this machine, by their stored runs."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dashboard.analysis.report.claim_doubts import why_not_trusted
from dashboard.analysis.report.claims import decide
from dashboard.models import Experiment, Run, Status
from dashboard.project.model.scenario import Claim
from dashboard.project.project import Project
from dashboard.runs.reports.readable import readable
from dashboard.runs.reports.stored import stored_report
from dashboard.runs.reports.wording import sentence
from dashboard.wire.codec import JsonObject, to_json
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.claim_verdict import ClaimVerdict
from dashboard.wire.experiments.claims import ClaimStatusReport
from dashboard.wire.plan.plan import Plan

from .claims import fireable, plan_of, refusal

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Decision:
    """What a finished run shows of a claim; `sentence` is the run's own.

    `doubt` is what disturbed the run if that leaves an expectation undecided, else empty.
    """

    run: Run
    verdict: ClaimVerdict
    sentence: str
    doubt: str = ""


@dataclass(frozen=True)
class ClaimStatus(JsonObject):
    """What the runs of a claim show.

    `latest` is its last run, however it ended. `decision` is that of the last run without a doubt;
    `disturbed` is that of the last run if there is one. Without any other, a disturbed run decides.
    Runs of another definition than the claim has now do not count. `refusal` is why it cannot be
    fired, empty if it can.
    """

    claim: Claim
    latest: Run | None = None
    decision: Decision | None = None
    disturbed: Decision | None = None
    refusal: str = ""

    @property
    def verdict(self) -> ClaimVerdict | None:
        """The verdict on the claim; None until a run has finished."""
        return self.decision.verdict if self.decision else None

    def to_json(self) -> ClaimStatusReport:
        """Return what `manage.py claims --json` prints: of runs and the claim only their names."""
        return {
            "claim": self.claim.name,
            "text": self.claim.text,
            "run": self.latest.pk if self.latest else None,
            "status": self.latest.status if self.latest else None,
            "verdict": to_json(self.verdict),
            "decided_by": self.decision.run.pk if self.decision else None,
        }


def claim_statuses(project: Project) -> list[ClaimStatus]:
    """Return the status of each claim, in the order of the lab.toml."""
    return [claim_status(project, claim) for claim in project.claims.values()]


def claim_status(project: Project, claim: Claim) -> ClaimStatus:
    """Return the status of a claim by its stored runs."""
    if why := refusal(project, claim):
        return ClaimStatus(claim, refusal=why)
    runs = list(_runs_of(project, claim, plan_of(project, claim)))
    return ClaimStatus(claim, runs[0] if runs else None, *_decided(claim, runs))


def claim_statuses_in(claims: Sequence[Claim], experiment: Experiment) -> list[ClaimStatus]:
    """Return the status of each claim by its last run in this experiment, if it has one."""
    last = {run.claim: run for run in experiment.runs.order_by("position")}
    return [
        ClaimStatus(claim, last[claim.name], decision_of(claim, last[claim.name]))
        for claim in claims
        if claim.name in last
    ]


def decision_of(claim: Claim, run: Run) -> Decision | None:
    """Return what a run shows of the claim that it was fired for; None unless it has finished."""
    report = stored_report(run) if run.status == Status.FINISHED else None
    if report is None:
        return None
    verdict = decide([str(expectation) for expectation in claim.expect], report)
    undecided = any(finding.holds is None for finding in verdict.findings)
    doubt = why_not_trusted(report) if undecided else ""
    return Decision(run, verdict, sentence(report), doubt)


def untried_first(project: Project) -> list[Claim]:
    """Return the claims that can be fired: those without a verdict first, then the undecided."""
    order = {"not-shown": 1}
    ranks = {
        status.claim.name: order.get(status.verdict.kind, 2) if status.verdict else 0
        for status in claim_statuses(project)
    }
    return sorted(fireable(project), key=lambda claim: ranks[claim.name])


def _decided(claim: Claim, runs: Sequence[Run]) -> tuple[Decision | None, Decision | None]:
    """Return the decision of the last run without a doubt, and that of a later disturbed one."""
    disturbed = None
    for run in runs:
        decision = _readable_decision(claim, run)
        if decision and not decision.doubt:
            return decision, disturbed
        disturbed = disturbed or decision
    return disturbed, None


def _readable_decision(claim: Claim, run: Run) -> Decision | None:
    try:
        return decision_of(claim, run)
    except Exception:  # a damaged run decides nothing, and costs no other claim its card
        logger.exception("Run %s cannot be read as one of claim %s", run.pk, claim.name)
        return None


def _runs_of(project: Project, claim: Claim, plan: Plan) -> Iterator[Run]:
    """Yield the runs of the claim's current definition, the newest first."""
    stored = Run.objects.filter(project=project.name, claim=claim.name, deleted=None)
    # A report is large, and fetched only of the runs that need it.
    yield from (run for run in readable(stored.defer("report")) if _fires(run, plan))


def _fires(run: Run, plan: Plan) -> bool:
    """Return True if the run has this plan: the same rounds. The seed is drawn anew each time."""
    try:
        return replace(Plan.from_json(run.plan), seed=plan.seed, where=plan.where) == plan
    except InvalidPlan:  # stored by a version that knew other plans
        return False
