"""The medians of the round that is on, which say how late the engine may be in it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from dashboard.analysis.inference.intervals import Floats
from dashboard.analysis.samples.rounds import median_ms
from dashboard.runs.reports.results import WARM_UP_ROUND
from dashboard.wire import frame
from dashboard.wire.failure import Failure


class RoundMedians:
    """Hears the frames of a run and keeps the response times of one round."""

    def __init__(self) -> None:
        self._lengths_ns: defaultdict[int, list[Floats]] = defaultdict(list)

    def frame(self, data: bytes) -> None:
        """A frame of the round that is on, or of a warm-up."""
        found = frame.decode(data)
        if found.kind != "samples" or found.round == WARM_UP_ROUND:
            return
        done, due, error = (np.asarray(found.columns[name]) for name in ("done", "due", "error"))
        self._lengths_ns[found.lane].append((done - due)[error == Failure.NONE])

    def take_smallest_ms(self) -> float | None:
        """The fastest lane's median response time in the round, which is over; None if unknown."""
        medians = [median_ms(np.concatenate(parts)) for parts in self._lengths_ns.values()]
        self._lengths_ns.clear()
        return min((one for one in medians if one is not None), default=None)
