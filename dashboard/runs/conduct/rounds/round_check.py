"""What is decided after each round from its own frames: repeat it, or end the run."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.analysis.samples.round_medians import RoundMedians
from dashboard.runs.reports.instrument import Reading, is_late
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Plan

from .time_limit import TimeLimit
from .until_certain import UntilCertain


class RoundCheck:
    """Collects the frames of a round; never decides by how a lane did in it."""

    def __init__(self, plan: Plan) -> None:
        self._medians = RoundMedians()
        self._until_certain = UntilCertain(plan) if plan.until_sure else None
        self._limit = TimeLimit(plan)

    def begin_rounds(self) -> None:
        """Note that all lanes are warm and the first round follows."""
        self._limit.begin()

    def take(self, frame: Frame) -> None:
        """Add a frame from the engine."""
        self._medians.take(frame)
        if self._until_certain:
            self._until_certain.take(frame)

    def disturbed(self, readings: Sequence[Reading]) -> bool:
        """Return True if the round just fired is to be repeated."""
        smallest_p50_ms = self._medians.take_smallest_ms()
        return any(reading.stolen or is_late(reading, smallest_p50_ms) for reading in readings)

    def discard_round(self) -> None:
        """Drop the frames of a round that does not count."""
        if self._until_certain:
            self._until_certain.discard_round()

    def over_after_round(self) -> bool:
        """Count the round just fired; return True if it was the last: certain, or out of time."""
        out_of_time = self._limit.over_after_round()
        certain = self._until_certain is not None and self._until_certain.certain_after_round()
        return certain or out_of_time
