"""For how long a lane's event loop was blocked, and by whose code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from dashboard.analysis.samples import server_side
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.loop_holds import LoopHold, loop_holds
from dashboard.wire.units import MS_PER_S


@dataclass(frozen=True)
class LoopBlocking:
    """What the probe reported of the event loop."""

    lane: Lane

    @cached_property
    def holds(self) -> Mapping[str, LoopHold]:
        """What each holder did; empty if the probe did not report holders."""
        return loop_holds(self.lane)

    @cached_property
    def longest_ms(self) -> float | None:
        """The longest time for which one thing held the event loop.

        The lag of the heartbeat is the substitute in older runs: it includes time in the queue.
        """
        side = server_side.server_side(self.lane)
        held: float | None = side["loop_held_ms_max"]
        lag: float | None = side["loop_lag_ms_max"]
        return lag if held is None else held

    def ms_per_request(self, holder: str) -> float:
        """Return how long the holder held the loop, per request."""
        requests = server_side.request_count(self.lane)
        return MS_PER_S * self.holds[holder].sum_s / requests if requests else 0.0
