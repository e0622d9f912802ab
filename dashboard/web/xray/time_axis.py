"""The time axis of an X-ray, which is broken where it would make short spans invisible.

A request that waits a second for a thread hop of 0.1 ms is nothing but its wait on a linear axis.
So the longest stretches in which nothing begins or ends are cut, as many as it takes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import ceil, floor

from dashboard.analysis.samples.over_time import step_ms
from dashboard.analysis.xray.trace import QUERY, Xray
from dashboard.web.charts.plot_area import Tick
from dashboard.web.shared.format import format_ms
from dashboard.wire.units import NS_PER_MS

WIDTH = 1200
TICKS = 8
CHARACTER_WIDTH = 7.0  # of a tick's label
BREAK_WIDTH = 84
MOST_BREAKS = 12
VISIBLE = 6  # the width of half of the short spans, at least

Stretch = tuple[int, int]  # ns


@dataclass(frozen=True)
class Break:
    """A cut in the axis: the x of its middle, and how much was cut."""

    x: float
    label: str


@dataclass(frozen=True)
class TimeAxis:
    """Time from the start of a request to its end, `cuts` of it drawn BREAK_WIDTH wide."""

    length_ns: int
    cuts: tuple[Stretch, ...] = ()

    @cached_property
    def scale(self) -> float:
        """Units per nanosecond, outside of the cuts."""
        drawn_ns = self.length_ns - sum(end - begin for begin, end in self.cuts)
        return (WIDTH - BREAK_WIDTH * len(self.cuts)) / max(drawn_ns, 1)

    def x(self, instant_ns: float) -> float:
        """Return the x of an instant; instants after the end of the request are drawn at it."""
        x = min(instant_ns, self.length_ns) * self.scale
        for begin, end in self.cuts:
            if instant_ns <= begin:
                break
            inside = min(instant_ns, end) - begin
            x += inside / (end - begin) * BREAK_WIDTH - inside * self.scale
        return min(x, WIDTH)

    @property
    def breaks(self) -> list[Break]:
        """The breaks, from left to right."""
        return [
            Break(self.x((begin + end) / 2), format_ms((end - begin) / NS_PER_MS))
            for begin, end in self.cuts
        ]

    def ticks(self) -> Iterator[Tick]:
        """Yield marks in steps of 1, 2 or 5 times a power of ten where their labels have room."""
        step_ns = step_ms(WIDTH / self.scale / NS_PER_MS, TICKS) * NS_PER_MS
        ends = [0, *(instant for cut in self.cuts for instant in cut), self.length_ns]
        free = 0.0
        for begin_ns, end_ns in zip(ends[::2], ends[1::2], strict=True):
            last = self.x(end_ns)
            for number in range(ceil(begin_ns / step_ns), floor(end_ns / step_ns) + 1):
                x, label = self.x(number * step_ns), f"{number * step_ns / NS_PER_MS:.6g} ms"
                room = CHARACTER_WIDTH * (len(label) + 1)
                if x >= free and x + room <= last:
                    yield Tick(x, label)
                    free = x + room
            free = max(free, last + BREAK_WIDTH)


def axis_of(*xrays: Xray, to_scale: bool = False) -> TimeAxis:
    """Return the axis for some X-rays, all from their start, as long as the longest of them.

    It has the fewest cuts that make short spans visible; `to_scale`: none.
    """
    length_ns = max(xray.length_ns for xray in xrays)
    whole = TimeAxis(length_ns)
    short_ns = _short_ns(xrays)
    if to_scale or not short_ns:
        return whole
    best = whole
    quiet = _quiet(xrays, length_ns)
    for cuts in range(min(len(quiet), MOST_BREAKS) + 1):
        axis = TimeAxis(length_ns, tuple(sorted(quiet[:cuts])))
        if axis.scale > best.scale:
            best = axis
        if best.scale * short_ns >= VISIBLE:
            break
    return best


def _short_ns(xrays: Sequence[Xray]) -> int:
    """Return the median length of what is easily lost: the ways of hops, and queries; else 0."""
    hops = [hop for xray in xrays for hop in xray.hops]
    ways = [way for hop in hops for way in (hop.wait_ns - hop.queued_ns, hop.return_ns)]
    spans = [span for xray in xrays for span in xray.spans]
    queries = [span.length_ns for span in spans if span.kind == QUERY]
    lengths = sorted(length for length in (*ways, *queries) if length > 0)
    return lengths[len(lengths) // 2] if lengths else 0


def _quiet(xrays: Sequence[Xray], length_ns: int) -> list[Stretch]:
    """Return the stretches between two instants at which a span begins or ends, longest first."""
    instants = {
        min(instant, xray.length_ns)
        for xray in xrays
        for span in xray.spans
        for instant in (span.start_ns, span.end_ns)
    }
    stretches = pairwise(sorted(instants | {length_ns}))
    return sorted(stretches, key=lambda stretch: stretch[0] - stretch[1])
