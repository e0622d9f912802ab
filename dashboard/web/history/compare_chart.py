"""Response times of two runs as overlaid ECDFs, laid out for an SVG.

A chart a lane, all on one logarithmic axis. The first run is dashed, the second solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.inference.deciles import response_ms
from dashboard.analysis.inference.intervals import Floats
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.web.charts.log_axis import LogAxis, Tick, mark, path, quantiles

WIDTH, HEIGHT = 560, 180
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 26
SHARES = (0.0, 0.5, 0.95)  # all of them would stand on the name of the last


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
    times = [(name, family, response_ms(one), response_ms(two)) for name, family, one, two in lanes]
    every = [each for _, _, *both in times for each in both if each.size]
    if not every:
        return None
    axis = LogAxis.around(every)
    return Overlay(
        charts=tuple(_chart(name, family, both, axis) for name, family, *both in times),
        across=tuple(Tick(_across(axis.share(one)), mark(one)) for one in axis.marks()),
        up=tuple(Tick(_up(share), f"{share:.0%}") for share in SHARES),
    )


def _chart(name: str, family: str, both: Sequence[Floats], axis: LogAxis) -> Chart:
    names = ("first", "second")
    curves = tuple(Curve(_curve(one, axis), which) for one, which in zip(both, names, strict=True))
    medians = [f"{float(np.median(each)):,.1f} ms" if each.size else "–" for each in both]
    return Chart(name, family, curves, f"median {medians[0]}, then {medians[1]}")


def _curve(times_ms: Floats, axis: LogAxis) -> str:
    if not times_ms.size:
        return ""
    return path([(_across(axis.share(value)), _up(share)) for share, value in quantiles(times_ms)])


def _across(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _up(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
