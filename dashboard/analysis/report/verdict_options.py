"""The rules by which a verdict is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.wire.report.where import LaneWhere


@dataclass(frozen=True)
class VerdictOptions:
    """The rules of a verdict, fixed before the first round, and what makes it doubtful.

    `no_verdict_reason` is why no verdict can be given; `faults` has the reason for each lane,
    unless it concerns all of them. `disturbed_reason` is how the load generator reached its limit,
    so that all of its lateness is charged, and `disturbed_at` where. None: neither happened.
    `where` has what a sampled firing of a lane showed, by lane: causes get their lines from it.
    """

    until_sure: bool
    margin: float
    control: bool
    no_verdict_reason: str | None
    disturbed_reason: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    disturbed_at: Sequence[str] = ()
    where: Mapping[str, LaneWhere] = field(default_factory=dict)

    def no_verdict(self, lane: str, baseline: str) -> bool:
        """Return True if no verdict can be given on a lane, or on the baseline."""
        if not self.no_verdict_reason:
            return False
        return not self.faults or not {lane, baseline}.isdisjoint(self.faults)
