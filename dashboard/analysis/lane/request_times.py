"""How long the requests of a lane took in the server, in the view and in all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dashboard.analysis.samples import stats
from dashboard.analysis.samples.lane_samples import Integers, Lane
from dashboard.analysis.samples.percentiles import median_and_p95_ms, median_ms
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.report.lanes import MedianAndP95
from dashboard.wire.units import NS_PER_MS, NS_PER_S

TAIL_PERCENT = 95.0  # the slowest twentieth of the requests is what p95 consists of

Mask = npt.NDArray[np.bool_]
Segments = Mapping[str, float]


@dataclass(frozen=True)
class RequestTimes:
    """Times of the requests that succeeded in whole rounds, of `requests` each.

    None if no request has both stamps. "View" is the whole application, from its first stamp to
    the first byte, if the probe stamps no view.
    """

    lane: Lane
    requests: int

    @cached_property
    def whole_rounds(self) -> list[int]:
        """The numbers of the rounds in which every request came to an end of its own."""
        return stats.whole_rounds(self.lane, self.requests)

    @cached_property
    def counted(self) -> Mask:
        """Which samples count: those that succeeded in a whole round."""
        counted: Mask = np.isin(self.lane.samples["round"], self.whole_rounds) & self.lane.ok
        return counted

    def counted_in(self, round: int) -> Mask:
        """Which samples of one round count."""
        here: Mask = self.counted & (self.lane.samples["round"] == round)
        return here

    def between(self, begin: str, end: str, among: Mask | None = None) -> Integers | None:
        """Return the time in ns between two stamps, for each counted sample that has both."""
        chosen = self.counted if among is None else self.counted & among
        starts, ends = self.lane.samples[begin][chosen], self.lane.samples[end][chosen]
        both = (starts != UNKNOWN) & (ends != UNKNOWN)
        return np.maximum(ends[both] - starts[both], 0) if both.any() else None

    @cached_property
    def in_view(self) -> Integers | None:
        """The time of each request in the view, in ns."""
        lengths_ns = self.between("view_entered", "view_left")
        return self.between("entered", "first_byte") if lengths_ns is None else lengths_ns

    @cached_property
    def view_s(self) -> float | None:
        """The mean time in the view."""
        return _mean_s(self.in_view)

    @cached_property
    def view_p50_ms(self) -> float | None:
        """The median time in the view."""
        return _p50_ms(self.in_view)

    @cached_property
    def view_max_ms(self) -> float | None:
        """The longest time in the view."""
        return None if self.in_view is None else float(self.in_view.max()) / NS_PER_MS

    @cached_property
    def all_views_s(self) -> float:
        """The sum of all times in the view."""
        return 0.0 if self.in_view is None else float(self.in_view.sum()) / NS_PER_S

    @cached_property
    def server_s(self) -> float | None:
        """The mean wait in the server, before the application."""
        return _mean_s(self.between("sent", "entered"))

    @cached_property
    def server_ms(self) -> MedianAndP95:
        """The p50 and p95 of the wait in the server, before the application."""
        lengths_ns = self.between("sent", "entered")
        return median_and_p95_ms(np.empty(0, np.int64) if lengths_ns is None else lengths_ns)

    def queued_p50_ms(self, limit: int) -> float | None:
        """Return the median wait in the server without the `limit` shortest waits of each round.

        Those are the requests that found a free worker, where `limit` workers were free.
        """
        sent, entered = self.lane.samples["sent"], self.lane.samples["entered"]
        waits: list[Integers] = []
        for number in self.whole_rounds:
            here = self.counted_in(number) & (entered != UNKNOWN)
            waits.append(np.sort(np.maximum(entered[here] - sent[here], 0))[limit:])
        return _p50_ms(np.concatenate(waits)) if waits else None

    @cached_property
    def first_byte_p50_ms(self) -> float | None:
        """The median time to the first byte."""
        return _p50_ms(self.between("sent_first", "first_byte"))

    @cached_property
    def service_s(self) -> float | None:
        """The mean service time, which is known without a probe too."""
        return _mean_s(self.between("sent_first", "done"))

    @cached_property
    def service_p50_ms(self) -> float | None:
        """The median service time."""
        return _p50_ms(self.between("sent_first", "done"))

    @cached_property
    def tail_s(self) -> Segments:
        """The mean of each segment over the slowest twentieth, without unknown segments."""
        lengths = self.lane.samples["done"] - self.lane.samples["due"]
        if not self.counted.any():
            return {}
        slow = lengths >= np.percentile(lengths[self.counted], TAIL_PERCENT)
        means = {
            name: _mean_s(self.between(begin, end, slow))
            for name, (begin, end) in stats.SEGMENTS.items()
        }
        return {name: mean for name, mean in means.items() if mean is not None}


def _mean_s(lengths_ns: Integers | None) -> float | None:
    return None if lengths_ns is None else float(lengths_ns.mean()) / NS_PER_S


def _p50_ms(lengths_ns: Integers | None) -> float | None:
    return None if lengths_ns is None else median_ms(lengths_ns)
