"""The median response times of the current round, which set how late the engine may be in it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from dashboard.wire.failure import Failure
from dashboard.wire.frame import WARM_UP_ROUND, Frame

from .lane_samples import Floats
from .percentiles import median_ms


class RoundMedians:
    """Collects the response times of one round from a run's frames."""

    def __init__(self) -> None:
        self._response_times_ns: defaultdict[int, list[Floats]] = defaultdict(list)

    def take(self, frame: Frame) -> None:
        """Add a frame of any kind; those of a warm-up are skipped."""
        if frame.kind != "samples" or frame.round == WARM_UP_ROUND:
            return
        done, due, error = (np.asarray(frame.columns[name]) for name in ("done", "due", "error"))
        self._response_times_ns[frame.lane].append((done - due)[error == Failure.NONE])

    def take_smallest_ms(self) -> float | None:
        """Return the fastest lane's median in the round just fired, and begin the next round.

        None if no request succeeded.
        """
        medians = [median_ms(np.concatenate(parts)) for parts in self._response_times_ns.values()]
        self._response_times_ns.clear()
        return min((median for median in medians if median is not None), default=None)
