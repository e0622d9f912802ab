"""What the pictures that the server draws share: marks on an axis, and logarithmic milliseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from dashboard.analysis.inference.intervals import Floats

POINTS = 200  # of a curve: more cannot be told apart
SMALLEST_MS = 1e-3
AIR = 1.15  # beside the first and the last value
FEW_POWERS = 2


@dataclass(frozen=True)
class Tick:
    """A place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class LogAxis:
    """From 10^low to 10^high milliseconds."""

    low: float
    high: float

    @classmethod
    def around(cls, times_ms: Sequence[Floats]) -> LogAxis:
        """About these, each ascending and with a value; where there are none, about a second."""
        least = min((float(one[0]) for one in times_ms), default=1.0)
        most = max((float(one[-1]) for one in times_ms), default=1000.0)
        least, most = max(least, SMALLEST_MS), max(most, SMALLEST_MS)
        return cls(log10(least / AIR), log10(most * AIR))

    def share(self, value_ms: float) -> float:
        """How far along the axis that is, from 0 to 1."""
        return (log10(max(value_ms, SMALLEST_MS)) - self.low) / (self.high - self.low)

    def marks(self) -> list[float]:
        """1, 2 and 5 of each power of ten that lie on it; where it is long, 1 alone."""
        powers = range(floor(self.low), ceil(self.high) + 1)
        steps = (1, 2, 5) if self.high - self.low < FEW_POWERS else (1,)
        every = (step * 10.0**power for power in powers for step in steps)
        return [one for one in every if self.low <= log10(one) <= self.high]


def mark(value_ms: float) -> str:
    """A mark of the axis: *200 ms*, *1 s*."""
    return f"{value_ms / 1000:g} s" if value_ms >= 1000 else f"{value_ms:g} ms"


def quantiles(ascending: Floats) -> list[tuple[float, float]]:
    """Share and value at some points of the ECDF, from nothing to all."""
    shares = np.linspace(0, 1, min(POINTS, max(int(ascending.size), 2)))
    values = np.quantile(ascending, shares, method="inverted_cdf")
    return [(float(share), float(value)) for share, value in zip(shares, values, strict=True)]


def path(points: Sequence[tuple[float, float]]) -> str:
    """A line through them, as the `d` of a path."""
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
