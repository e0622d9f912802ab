"""Whose code held the event loop of a lane, and for how long, as the probe reported it.

The probe records which code runs in the thread of the loop: an async view, the application around
it, or no request at all. Frames of older runs only have how long something did.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_MS, NS_PER_S

from .lane_samples import Lane
from .resource_use import growth

# The holder in a report, by its code in `loop_held_by` (docs/frame.md).
VIEW, AROUND, OTHER, BYSTANDER = "view", "middleware-or-framework", "other", "neighbour"
HOLDERS = {1: VIEW, 2: AROUND, 0: OTHER, 3: BYSTANDER}
_SUMS = {VIEW: "loop_in_view", AROUND: "loop_in_app", OTHER: "loop_elsewhere"}


@dataclass(frozen=True)
class LoopHold:
    """How long one holder held the loop: at once (ms), and in all counted rounds together."""

    holder: str
    longest_ms: float
    sum_s: float


def loop_holds(lane: Lane) -> dict[str, LoopHold]:
    """Return the holds by holder; empty if the probe did not report holders.

    Each report names only the holder of its longest hold; the sums include all holds.
    """
    health = lane.health
    by, held = health["loop_held_by"], health["loop_held"]
    if not (by != UNKNOWN).any():
        return {}
    codes = {holder: code for code, holder in HOLDERS.items()}
    return {
        holder: LoopHold(
            holder,
            longest_ms=float(held[by == codes[holder]].max(initial=0)) / NS_PER_MS,
            sum_s=sum(growth(health, name)) / NS_PER_S,
        )
        for holder, name in _SUMS.items()
    }
