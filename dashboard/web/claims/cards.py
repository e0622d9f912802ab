"""Claims as their page shows them: where each stands, in words; nothing is decided here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.analysis.report.claims import ClaimVerdict, Finding
from dashboard.analysis.text.claims import (
    FINDING_SIGNS,
    TALLY,
    limit_words,
    metric_words,
    place,
    shared_why,
    value_words,
)
from dashboard.analysis.text.claims import SIGNS as VERDICT_SIGNS
from dashboard.analysis.text.claims import verdict_words as words_of
from dashboard.models import Status
from dashboard.project.labtoml.load import Project
from dashboard.runs.experiments.claim_progress import progress, progress_words
from dashboard.runs.experiments.claims import ClaimStatus, plan_of, sweep_of
from dashboard.runs.experiments.sweep import Sweep
from dashboard.runs.reports.wording import load_words, rounds_words, sentence
from dashboard.web.run.run_view import STATE_LINES, ago
from dashboard.web.shared.code import Listing, code_of
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import Plan
from dashboard.wire.plural import plural

SIGNS: Mapping[str, str] = {**VERDICT_SIGNS, "not-tried": "○"}
FINDING_WORDS: Mapping[bool | None, str] = {
    True: "as expected",
    False: "not as expected",
    None: "undecided",
}


@dataclass(frozen=True)
class Row:
    """A finding: the number, and what was expected of it."""

    sign: str
    meaning: str
    place: str
    metric: str
    value: str
    limit: str
    why: str


@dataclass(frozen=True)
class LaneChip:
    """A lane that the claim is fired at."""

    name: str
    family: str


@dataclass(frozen=True)
class Card:
    """A claim on its page.

    `kind` is that of its verdict, or `not-tried`. `state` is that of its last run where that has
    no verdict: it waits or runs, was stopped or failed; else it is empty.
    """

    name: str
    text: str
    scenario: str
    fires: str
    lanes: list[LaneChip]
    code: list[Listing]
    kind: str
    sign: str
    verdict: str
    rows: list[Row]
    why: str
    run: str
    ago: str
    because: str
    state: str
    state_line: str
    state_run: str
    problem: str
    refusal: str
    sweep: str
    sweep_refusal: str

    @property
    def active(self) -> bool:
        """Whether it waits or runs now."""
        return self.state in (Status.WAITING, Status.STARTING, Status.RUNNING)

    @property
    def button(self) -> str:
        """What stands on its button."""
        return "Try it" if self.kind == "not-tried" and not self.state else "Try it again"


def card_of(project: Project, standing: ClaimStatus) -> Card:
    """Everything that the page says of a claim."""
    claim, decided = standing.claim, standing.decided
    plan = None if standing.refusal else plan_of(project, claim)
    kind = standing.verdict.kind if standing.verdict else "not-tried"
    sweep, sweep_refusal = _sweep(project, standing)
    late = standing.latest if standing.latest and standing.latest != decided else None
    return Card(
        name=claim.name,
        text=claim.text,
        scenario=project.scenarios[claim.scenario].title,
        fires=f"{load_words(plan.load)}, {rounds_words(plan)}" if plan else "",
        lanes=_lanes(project, plan) if plan else [],
        code=code_of(project, plan.scenario, [str(lane) for lane in plan.lanes]) if plan else [],
        kind=kind,
        sign=SIGNS[kind],
        verdict=words_of(standing.verdict) if standing.verdict else "Not tried on this machine",
        rows=_rows(standing.verdict) if standing.verdict else [],
        why=shared_why(standing.verdict) if standing.verdict else "",
        run=decided.pk if decided else "",
        ago=ago(decided.created) if decided else "",
        because=sentence(decided.report) if decided else "",
        state=late.status if late else "",
        state_line=STATE_LINES[late.status] if late else "",
        state_run=late.pk if late else "",
        problem=late.problem if late else "",
        refusal=standing.refusal,
        sweep=sweep,
        sweep_refusal=sweep_refusal,
    )


def _sweep(project: Project, standing: ClaimStatus) -> tuple[str, str]:
    """Along which levels the claim can be followed, and why it cannot; both may be empty."""
    try:
        found = None if standing.refusal else sweep_of(project, standing.claim)
    except InvalidPlan as error:
        return "", str(error)
    return _sweep_words(found) if found else "", ""


def _sweep_words(found: Sweep) -> str:
    *steps, last = found.levels
    steps_words = ", ".join(f"{level:g}" for level in steps)
    return f"{steps_words} and {found.axis.words(last)}"


def _rows(verdict: ClaimVerdict) -> list[Row]:
    """A row for each finding; why nobody can say stands once, where it is the same of all."""
    shared = shared_why(verdict)
    return [_row(one, "" if shared else one.why) for one in verdict.findings]


def _row(finding: Finding, why: str) -> Row:
    return Row(
        sign=FINDING_SIGNS[finding.holds],
        meaning=FINDING_WORDS[finding.holds],
        place=place(finding),
        metric=metric_words(finding.metric),
        value=value_words(finding),
        limit=limit_words(finding),
        why=why,
    )


def _lanes(project: Project, plan: Plan) -> list[LaneChip]:
    variants = project.scenarios[plan.scenario].variants
    return [LaneChip(str(lane), variants[lane.variant].family) for lane in plan.lanes]


@dataclass(frozen=True)
class Count:
    """How many claims have this verdict."""

    kind: str
    sign: str
    number: int
    words: str


def tally_of(cards: Sequence[Card]) -> list[Count]:
    """How many hold, and so on; what none of them does is left out."""
    return [
        Count(kind, SIGNS[kind], number, plural(number, *TALLY[kind]))
        for kind in TALLY
        if (number := sum(card.kind == kind for card in cards))
    ]


@dataclass(frozen=True)
class ProgressView:
    """What is being tried: the claim in its own words, and how far that is."""

    claim: str
    words: str
    share: float
    run: str


def progress_view(project: Project) -> ProgressView | None:
    """What is being tried now; None where nothing is."""
    found = progress(project)
    if found is None:
        return None
    claim = project.claims.get(found.run.claim) if found.run else None
    return ProgressView(
        claim=claim.text if claim else "",
        words=progress_words(found),
        share=found.share,
        run=found.run.pk if found.run else "",
    )
