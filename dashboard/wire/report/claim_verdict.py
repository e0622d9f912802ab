"""The verdict of a run on a claim, with its findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["holds", "holds-only-when", "does-not-hold", "not-shown"]


@dataclass(frozen=True)
class Finding:
    """What a run shows of one expectation: `lane`'s metric, or its ratio to that of `against`.

    `holds` is None if the expectation is undecided, and `why` gives the reason; `why` also
    explains a number that seems to hold and does not. `interval` is None if only the point value
    is known. `limit` is what either is compared with.
    """

    expectation: str
    lane: str
    against: str | None
    metric: str
    value: float | None
    interval: tuple[float, float] | None
    limit: float | None
    less: bool
    holds: bool | None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the object that `manage.py claims --json` prints."""
        return {
            "expectation": self.expectation,
            "holds": self.holds,
            "lane": self.lane,
            "against": self.against,
            "metric": self.metric,
            "value": self.value,
            "interval": None if self.interval is None else list(self.interval),
            "limit": self.limit,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class ClaimVerdict:
    """Whether a claim is true in this run, with the finding of each expectation."""

    kind: Kind
    findings: tuple[Finding, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the object that `manage.py claims --json` prints."""
        return {"kind": self.kind, "findings": [finding.to_json() for finding in self.findings]}
