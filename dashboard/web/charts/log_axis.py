"""Shared by the pictures that the server draws: axis marks and a logarithmic axis in ms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats

POINTS = 200  # of a curve: more cannot be told apart
SMALLEST_MS = 1e-3
MARGIN_FACTOR = 1.15  # beside the first and the last value
FEW_POWERS = 2


@dataclass(frozen=True)
class Tick:
    """A position on an axis and its label."""

    at: float
    label: str


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


def mark(value_ms: float) -> str:
    """Return an axis mark's label: *0*, *200 ms*, *1 s*."""
    if value_ms == 0:
        return "0"
    return f"{value_ms / 1000:g} s" if abs(value_ms) >= 1000 else f"{value_ms:g} ms"


def quantiles(ascending: Floats) -> list[tuple[float, float]]:
    """Return share and value at points of the ECDF, from 0 to 1."""
    shares = np.linspace(0, 1, min(POINTS, max(int(ascending.size), 2)))
    values = np.quantile(ascending, shares, method="inverted_cdf")
    return [(float(share), float(value)) for share, value in zip(shares, values, strict=True)]


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return a line through the points as the `d` of an SVG path."""
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
