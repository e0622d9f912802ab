"""When a run that goes on until it is certain may end: after looks at fixed numbers of rounds."""

from __future__ import annotations

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, all_decided, look
from dashboard.analysis.samples.lane_samples import collect_frames
from dashboard.analysis.samples.rounds import by_round, log_ratios
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Plan


class UntilCertain:
    """Reduces the frames of each round to one number per lane."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._frames: list[Frame] = []  # of the current round
        self._by_round: list[dict[int, float]] = [{} for _ in plan.lanes]
        self._counted = 0

    def take(self, frame: Frame) -> None:
        """Add a frame of the current round."""
        self._frames.append(frame)

    def discard_round(self) -> None:
        """Drop the current round."""
        self._frames.clear()

    def certain_after_round(self) -> bool:
        """Count the current round; return True if a look is due and finds every lane decided.

        A lane of which no round can be compared (it fails, or falls behind its rate) is ignored;
        if no lane can be compared, nothing is left to decide from the first look on.
        """
        self._counted += 1
        lanes = collect_frames(self._frames, len(self._plan.lanes))
        self._frames.clear()
        for values, lane in zip(self._by_round, lanes, strict=True):
            values.update(by_round(lane, self._plan.load))
        baseline, *others = self._by_round
        ratios = [log_ratios(baseline, other) for other in others]
        compared = [values for values in ratios if len(values)]
        if not compared:
            return self._counted >= FEWEST_ROUNDS
        result = look(compared)
        return result is not None and all_decided(result, self._plan.margin)
