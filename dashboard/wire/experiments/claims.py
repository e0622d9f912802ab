"""The types of what `manage.py claims --json` prints: each claim and its verdict."""

from typing import Literal, TypedDict

ClaimKind = Literal["holds", "holds-only-when", "does-not-hold", "not-shown"]


class FindingReport(TypedDict):
    """What a run shows of one expectation; `holds` is None if it is undecided."""

    expectation: str
    holds: bool | None
    lane: str
    against: str | None
    metric: str
    value: float | None
    interval: list[float] | None
    limit: float | None
    why: str | None


class ClaimVerdictReport(TypedDict):
    """Whether a claim is true in a run."""

    kind: ClaimKind
    findings: list[FindingReport]


class ClaimStatusReport(TypedDict):
    """A claim, its last run, and the verdict of the last run that decided it."""

    claim: str
    text: str
    run: str | None
    status: str | None
    verdict: ClaimVerdictReport | None
    decided_by: str | None


class ClaimsAnswer(TypedDict):
    """What `manage.py claims --json` prints."""

    experiment: str
    status: str
    claims: list[ClaimStatusReport]
