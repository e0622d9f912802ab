"""How many requests of a lane were in the application and in the view at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dashboard.analysis.samples.server_side import peak_by_process, peak_together
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_S

from .request_times import RequestTimes


@dataclass(frozen=True)
class Concurrency:
    """Requests at a time, on average and at their peak. None: unknown."""

    times: RequestTimes
    total_s: float  # the sum of the total times of all whole rounds

    @cached_property
    def mean_in_view(self) -> float | None:
        """The mean number of requests in the view.

        By Little's law, L = λW (Little 1961): the sum of all times in the view over the total time.
        """
        lengths_ns = self.times.in_view
        if lengths_ns is None or not self.total_s:
            return None
        return float(lengths_ns.sum()) / NS_PER_S / self.total_s

    @cached_property
    def in_app_while_waiting(self) -> float | None:
        """The mean number of requests in the application while others still waited to enter.

        That is from the first request that was sent to the last that entered, by Little's law.
        """
        inside_ns = waiting_ns = 0
        samples = self.times.lane.samples
        for number in self.times.whole_rounds:
            here = self.times.counted_in(number) & (samples["entered"] != UNKNOWN)
            if here.any():
                sent, entered, left = (
                    samples[name][here] for name in ("sent", "entered", "first_byte")
                )
                inside_ns += int((np.minimum(left, entered.max()) - entered).sum())
                waiting_ns += int(entered.max() - sent.min())
        return inside_ns / waiting_ns if waiting_ns > 0 else None

    @cached_property
    def peak_in_app(self) -> int | None:
        """The most requests in the application at once, in the busiest process."""
        return max(peak_by_process(self.times.lane.health, "peak_in_app"), default=None)

    @cached_property
    def peak_in_view(self) -> int | None:
        """The most requests in the view at once, in the busiest process."""
        return max(peak_by_process(self.times.lane.health, "peak_in_view"), default=None)

    @cached_property
    def peak_of_all(self) -> int | None:
        """The most in the view at once in all processes together; in the application if no view."""
        for name in ("peak_in_view", "peak_in_app"):
            peak = peak_together(self.times.lane.health, name)
            if peak is not None:
                return peak
        return None
