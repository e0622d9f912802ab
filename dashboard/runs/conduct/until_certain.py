"""When a run that goes on until it is sure may end: after looks at set times, never in between."""

from __future__ import annotations

from dashboard.analysis.inference.comparison import look, sure
from dashboard.analysis.samples.lane_samples import collect
from dashboard.analysis.samples.rounds import by_round, log_ratios
from dashboard.wire.plan import Plan


class UntilCertain:
    """Hears the frames of a run, round by round, and keeps one number of each lane a round."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._frames: list[bytes] = []  # of the round that is on
        self._by_round: list[dict[int, float]] = [{} for _ in plan.lanes]

    def frame(self, data: bytes) -> None:
        """A frame of the round that is on."""
        self._frames.append(data)

    def discard_round(self) -> None:
        """The round that was on does not count."""
        self._frames.clear()

    def certain_after_round(self) -> bool:
        """The round that was on counts. Whether this is the time to look, and all is decided.

        A lane that no round can be compared of (it fails, or it is behind) is not waited for.
        """
        lanes = collect(self._frames, len(self._plan.lanes))
        self._frames.clear()
        for known, lane in zip(self._by_round, lanes, strict=True):
            known.update(by_round(lane, self._plan.load))
        baseline, *others = self._by_round
        ratios = [log_ratios(baseline, other) for other in others]
        seen = look([values for values in ratios if len(values)])
        return seen is not None and sure(seen, self._plan.margin)
