"""Response times of two runs as overlaid ECDFs, laid out for an SVG.

A chart a lane, all on one logarithmic axis. The first run is dashed, the second solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
import numpy.typing as npt

from dashboard.analysis.collect import Lane

WIDTH, HEIGHT = 560, 180
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 26
POINTS = 200  # of a curve: more cannot be told apart at this width
NS_PER_MS = 1e6
SMALLEST_MS = 1e-3
AIR = 1.15  # beside the first and the last value
SHARES = (0.0, 0.5, 0.95)  # all of them would stand on the name of the last

Milliseconds = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Axis:
    """Milliseconds across, logarithmic, from 10^low to 10^high."""

    low: float
    high: float

    def round_numbers(self) -> list[float]:
        """1, 2 and 5 of each power of ten that lie on it."""
        powers = range(floor(self.low), ceil(self.high) + 1)
        every = (step * 10.0**power for power in powers for step in (1, 2, 5))
        return [one for one in every if self.low <= log10(one) <= self.high]

    def x(self, milliseconds: float) -> float:
        """Where so many milliseconds are."""
        share = (log10(max(milliseconds, 10.0**self.low)) - self.low) / (self.high - self.low)
        return LEFT + share * (WIDTH - LEFT - RIGHT)


@dataclass(frozen=True)
class Curve:
    """One run's ECDF, as the `d` of a path; empty where nothing succeeded."""

    path: str
    which: str


@dataclass(frozen=True)
class Chart:
    """One lane in both runs."""

    lane: str
    family: str
    curves: tuple[Curve, ...]
    words: str


@dataclass(frozen=True)
class Tick:
    """A place on an axis."""

    at: float
    label: str


@dataclass(frozen=True)
class Overlay:
    """Everything that the template draws."""

    charts: tuple[Chart, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT


def overlay(lanes: Sequence[tuple[str, str, Lane, Lane]]) -> Overlay | None:
    """Lanes by name and family, in both runs; None where nothing succeeded."""
    times = [(name, family, _times(one), _times(other)) for name, family, one, other in lanes]
    every = [each for _, _, *both in times for each in both if each.size]
    if not every:
        return None
    least = max(min(float(each[0]) for each in every), SMALLEST_MS)
    greatest = max(*(float(each[-1]) for each in every), least)
    axis = Axis(log10(least / AIR), log10(greatest * AIR))
    return Overlay(
        charts=tuple(_chart(name, family, both, axis) for name, family, *both in times),
        across=tuple(Tick(axis.x(one), _label(one)) for one in axis.round_numbers()),
        up=tuple(Tick(_y(share), f"{share:.0%}") for share in SHARES),
    )


def _times(lane: Lane) -> Milliseconds:
    """Response times of what succeeded, ascending."""
    lengths = (lane.samples["done"] - lane.samples["due"])[lane.ok]
    ascending: Milliseconds = np.sort(lengths) / NS_PER_MS
    return ascending


def _chart(name: str, family: str, both: Sequence[Milliseconds], axis: Axis) -> Chart:
    names = ("first", "second")
    curves = tuple(Curve(_path(one, axis), which) for one, which in zip(both, names, strict=True))
    medians = [f"{float(np.median(each)):,.1f} ms" if each.size else "–" for each in both]
    return Chart(name, family, curves, f"median {medians[0]}, then {medians[1]}")


def _path(times: Milliseconds, axis: Axis) -> str:
    if not times.size:
        return ""
    shares = np.linspace(0, 1, min(POINTS, max(times.size, 2)))
    values = np.quantile(times, shares, method="inverted_cdf")
    points = [
        f"{axis.x(float(value)):.1f} {_y(float(share)):.1f}"
        for value, share in zip(values, shares, strict=True)
    ]
    return "M" + " L".join(points)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)


def _label(milliseconds: float) -> str:
    return f"{milliseconds / 1000:g} s" if milliseconds >= 1000 else f"{milliseconds:g} ms"
