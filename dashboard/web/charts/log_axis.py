"""A logarithmic axis of response times in ms, its labels, and the ECDF drawn on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats
from dashboard.wire.units import MS_PER_S

from .plot_area import PlotArea, Tick, path

POINTS = 200  # of a curve: more cannot be distinguished
MARKS = 4  # of a curve, as in static/js/charts/plot.js
SMALLEST_MS = 1e-3
MARGIN_FACTOR = 1.15  # beside the first and the last value
FEW_POWERS = 2


@dataclass(frozen=True)
class LogAxis:
    """An axis from 10^low to 10^high milliseconds."""

    low: float
    high: float

    @classmethod
    def around(cls, times_ms: Sequence[Floats]) -> LogAxis:
        """Return the axis around ascending, non-empty arrays; around 1 ms to 1 s without any."""
        least = min((float(times[0]) for times in times_ms), default=1.0)
        most = max((float(times[-1]) for times in times_ms), default=1000.0)
        least, most = max(least, SMALLEST_MS), max(most, SMALLEST_MS)
        return cls(log10(least / MARGIN_FACTOR), log10(most * MARGIN_FACTOR))

    def share(self, value_ms: float) -> float:
        """Return the position of a value along the axis, from 0 to 1."""
        return (log10(max(value_ms, SMALLEST_MS)) - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        """Return 1, 2 and 5 times each power of ten on the axis; on a long axis only 1 times."""
        powers = range(floor(self.low), ceil(self.high) + 1)
        steps = (1, 2, 5) if self.high - self.low < FEW_POWERS else (1,)
        candidates = (step * 10.0**power for power in powers for step in steps)
        return [value for value in candidates if self.low <= log10(value) <= self.high]

    def ticks(self, position: Callable[[float], float], every: int = 1) -> Iterator[Tick]:
        """Yield the marks, or every n-th of them; `position` places a share of the axis."""
        for value_ms in self.marks()[::every]:
            yield Tick(position(self.share(value_ms)), mark(value_ms))


def mark(value_ms: float) -> str:
    """Return an axis mark's label: *0*, *200 ms*, *1 s*."""
    if value_ms == 0:
        return "0"
    in_seconds = abs(value_ms) >= MS_PER_S
    return f"{value_ms / MS_PER_S:g} s" if in_seconds else f"{value_ms:g} ms"


def quantiles(ascending: Floats) -> list[tuple[float, float]]:
    """Return share and value at points of the ECDF, from 0 to 1."""
    shares = np.linspace(0, 1, min(POINTS, max(int(ascending.size), 2)))
    values = np.quantile(ascending, shares, method="inverted_cdf")
    return [(float(share), float(value)) for share, value in zip(shares, values, strict=True)]


def ecdf_path(ascending: Floats, axis: LogAxis, area: PlotArea) -> str:
    """Return the ECDF of ascending times as the `d` of an SVG path; empty without times."""
    if not ascending.size:
        return ""
    points = quantiles(ascending)
    return path([(area.x(axis.share(value)), area.y(share)) for share, value in points])


def ecdf_marks(
    ascending: Floats, axis: LogAxis, area: PlotArea, offset: float
) -> tuple[tuple[float, float], ...]:
    """Return the places of a curve's marks; `offset`, 0 to 1, keeps those of two curves apart."""
    if not ascending.size:
        return ()
    shares = [(mark + offset) / MARKS for mark in range(MARKS)]
    values = np.quantile(ascending, shares, method="inverted_cdf")
    return tuple(
        (area.x(axis.share(float(value))), area.y(share))
        for share, value in zip(shares, values, strict=True)
    )
