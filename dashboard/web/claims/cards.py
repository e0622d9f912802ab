"""The cards of the claims page: each claim's verdict in words; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.analysis.text.claims import (
    FINDING_SIGNS,
    TALLY,
    limit_text,
    metric_label,
    place,
    shared_why,
    value_text,
    verdict_text,
)
from dashboard.analysis.text.claims import SIGNS as VERDICT_SIGNS
from dashboard.models import ACTIVE
from dashboard.project.project import Project
from dashboard.runs.experiments.claim_progress import progress, progress_text
from dashboard.runs.experiments.claim_status import ClaimStatus, Decision
from dashboard.runs.experiments.claims import plan_of, sweep_of
from dashboard.runs.experiments.sweep import Sweep
from dashboard.runs.reports.wording import load_text, rounds_text
from dashboard.web.run.run_view import STATE_LINES, ago, state_word
from dashboard.web.shared.code import Listing, code_of
from dashboard.web.shared.lane_chip import LaneChip
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.claim_verdict import Finding
from dashboard.wire.plan.plan import Plan
from dashboard.wire.plural import plural

NOT_TRIED = "not-tried"
SIGNS: Mapping[str, str] = {**VERDICT_SIGNS, NOT_TRIED: "○"}
FINDING_WORDS: Mapping[bool | None, str] = {
    True: "as expected",
    False: "not as expected",
    None: "undecided",
}


@dataclass(frozen=True)
class Row:
    """A finding: what was measured, and what was expected."""

    sign: str
    meaning: str
    place: str
    metric: str
    value: str
    limit: str
    why: str


@dataclass(frozen=True)
class PlanView:
    """What a claim's run fires, with the code of its variants."""

    load: str
    lanes: list[LaneChip]
    code: list[Listing]


@dataclass(frozen=True)
class VerdictView:
    """The verdict of a run. `why` is set if all findings share their reason.

    `doubt` is what disturbed the run, if that left something undecided.
    """

    text: str
    rows: list[Row]
    why: str
    doubt: str
    run: str
    ago: str
    sentence: str


@dataclass(frozen=True)
class LatestRun:
    """The claim's last run, if it has no verdict: queued, running, stopped or failed."""

    id: str
    status: str
    state_line: str
    problem: str

    @property
    def state(self) -> str:
        """The status as pages show it."""
        return state_word(self.status)

    @property
    def active(self) -> bool:
        """True if the run is queued or running."""
        return self.status in ACTIVE


@dataclass(frozen=True)
class Card:
    """A claim on its page; `kind` is that of its verdict, or `not-tried`.

    `disturbed` is the verdict of a later run, which does not replace the last good one.
    """

    name: str
    text: str
    scenario: str
    kind: str
    plan: PlanView | None
    verdict: VerdictView | None
    disturbed: VerdictView | None
    latest: LatestRun | None
    refusal: str
    sweep: str
    sweep_refusal: str

    @property
    def sign(self) -> str:
        """The sign of its verdict."""
        return SIGNS[self.kind]

    @property
    def button(self) -> str:
        """The text of its button."""
        return "Try again" if self.verdict or self.latest else "Try"


def card_of(project: Project, status: ClaimStatus) -> Card:
    """Return a claim's card."""
    claim = status.claim
    sweep, sweep_refusal = _sweep(project, status)
    return Card(
        name=claim.name,
        text=claim.text,
        scenario=project.scenarios[claim.scenario].title,
        kind=status.verdict.kind if status.verdict else NOT_TRIED,
        plan=None if status.refusal else _plan_view(project, plan_of(project, claim)),
        verdict=_verdict_view(status.decision),
        disturbed=_verdict_view(status.disturbed),
        latest=_latest(status),
        refusal=status.refusal,
        sweep=sweep,
        sweep_refusal=sweep_refusal,
    )


def _plan_view(project: Project, plan: Plan) -> PlanView:
    variants = project.scenarios[plan.scenario].variants
    return PlanView(
        load=f"{load_text(plan.load)}, {rounds_text(plan)}",
        lanes=[LaneChip(str(lane), variants[lane.variant].family) for lane in plan.lanes],
        code=code_of(project, plan.scenario, [str(lane) for lane in plan.lanes]),
    )


def _verdict_view(decision: Decision | None) -> VerdictView | None:
    if decision is None:
        return None
    verdict, run = decision.verdict, decision.run
    why = shared_why(verdict)
    return VerdictView(
        text=verdict_text(verdict),
        rows=[_row(finding, "" if why else finding.why) for finding in verdict.findings],
        why=why,
        doubt=decision.doubt,
        run=run.pk,
        ago=ago(run.created),
        sentence=decision.sentence,
    )


def _latest(status: ClaimStatus) -> LatestRun | None:
    run, shown = status.latest, [status.decision, status.disturbed]
    if run is None or run in [decision.run for decision in shown if decision]:
        return None
    return LatestRun(run.pk, run.status, STATE_LINES[run.status], run.problem)


def _sweep(project: Project, status: ClaimStatus) -> tuple[str, str]:
    """Return the levels of the claim's sweep, and why it cannot run; both may be empty."""
    try:
        sweep = None if status.refusal else sweep_of(project, status.claim)
    except InvalidPlan as error:
        return "", str(error)
    return _levels(sweep) if sweep else "", ""


def _levels(sweep: Sweep) -> str:
    *levels, last = sweep.levels
    return f"{', '.join(f'{level:g}' for level in levels)} and {sweep.axis.words(last)}"


def _row(finding: Finding, why: str) -> Row:
    return Row(
        sign=FINDING_SIGNS[finding.holds],
        meaning=FINDING_WORDS[finding.holds],
        place=place(finding),
        metric=metric_label(finding.metric),
        value=value_text(finding),
        limit=limit_text(finding),
        why=why,
    )


@dataclass(frozen=True)
class Count:
    """The number of claims with this verdict."""

    kind: str
    sign: str
    number: int
    words: str


def tally_of(cards: Sequence[Card]) -> list[Count]:
    """Count claims by verdict, without those that no claim has."""
    return [
        Count(kind, SIGNS[kind], number, plural(number, *TALLY[kind]))
        for kind in TALLY
        if (number := sum(card.kind == kind for card in cards))
    ]


@dataclass(frozen=True)
class ProgressView:
    """The claim being tried, and the progress of all."""

    claim: str
    words: str
    share: float
    run: str


def progress_view(project: Project) -> ProgressView | None:
    """Return the progress, or None if no claim is being tried."""
    current = progress(project)
    if current is None:
        return None
    claim = project.claims.get(current.run.claim) if current.run else None
    return ProgressView(
        claim=claim.text if claim else "",
        words=progress_text(current),
        share=current.share,
        run=current.run.pk if current.run else "",
    )
