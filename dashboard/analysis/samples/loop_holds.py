"""Who held the event loop of a lane, and for how long: from the probe's signs of life.

The probe knows whose code runs in the loop's thread: an async view, the application around it, or
no request at all. Frames of older runs say only for how long something did.
"""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_MS, NS_PER_S

from .lane_samples import Lane
from .resource_use import growth

# The holder in a report, by its code in `loop_held_by` (docs/frame.md).
VIEW, AROUND, OTHER, NEIGHBOUR = "view", "middleware-or-framework", "other", "neighbour"
HOLDERS = {1: VIEW, 2: AROUND, 0: OTHER, 3: NEIGHBOUR}
_SUMS = {VIEW: "loop_in_view", AROUND: "loop_in_app", OTHER: "loop_elsewhere"}


@dataclass(frozen=True)
class LoopHold:
    """What one holder did: the longest time at once (ms), and all in all in the counted rounds."""

    holder: str
    longest_ms: float
    sum_s: float


def loop_holds(lane: Lane) -> dict[str, LoopHold]:
    """Return what each holder did; empty where the probe did not say who it was.

    The longest is that of each report, of which it names one holder; the sum counts all.
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
