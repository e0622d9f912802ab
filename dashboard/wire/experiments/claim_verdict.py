"""The verdict of a run on a claim, with its findings."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.wire.codec import JsonObject

from .claims import ClaimKind, FindingReport


@dataclass(frozen=True)
class Finding(JsonObject):
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

    def to_json(self) -> FindingReport:
        """Return the object that `manage.py claims --json` prints.

        `less` is left out, as the expectation's text has it; no reason is null, not empty.
        """
        return {
            "expectation": self.expectation,
            "lane": self.lane,
            "against": self.against,
            "metric": self.metric,
            "value": self.value,
            "interval": list(self.interval) if self.interval else None,
            "limit": self.limit,
            "holds": self.holds,
            "why": self.why or None,
        }


@dataclass(frozen=True)
class ClaimVerdict(JsonObject):
    """Whether a claim is true in this run, with the finding of each expectation."""

    kind: ClaimKind
    findings: tuple[Finding, ...]
