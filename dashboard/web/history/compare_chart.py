"""Response times of two runs as overlaid ECDFs, laid out for SVG.

One chart per lane, all on one logarithmic axis. The first run is dashed, the second solid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats, Lane
from dashboard.analysis.samples.percentiles import response_ms
from dashboard.web.charts.log_axis import LogAxis, Tick, mark, path, quantiles
from dashboard.web.shared.format import format_ms

WIDTH, HEIGHT = 560, 180
LEFT, RIGHT, TOP, BOTTOM = 40, 12, 10, 26
SHARES = (0.0, 0.5, 0.95)  # more would overlap the label of the last


@dataclass(frozen=True)
class Curve:
    """One run's ECDF as the `d` of a path; empty if no request succeeded."""

    path: str
    which: str


@dataclass(frozen=True)
class Chart:
    """A lane in both runs."""

    lane: str
    family: str
    curves: tuple[Curve, ...]
    medians: str


@dataclass(frozen=True)
class Overlay:
    """What the template draws."""

    charts: tuple[Chart, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: int = HEIGHT - BOTTOM
    right: int = WIDTH - RIGHT


def overlay(lanes: Sequence[tuple[str, str, Lane, Lane]]) -> Overlay | None:
    """Draw lanes given by name, family and both runs' samples; None if no request succeeded."""
    times = [
        (name, family, response_ms(first), response_ms(second))
        for name, family, first, second in lanes
    ]
    not_empty = [times_ms for _, _, *both in times for times_ms in both if times_ms.size]
    if not not_empty:
        return None
    axis = LogAxis.around(not_empty)
    return Overlay(
        charts=tuple(_chart(name, family, both, axis) for name, family, *both in times),
        across=tuple(Tick(_x(axis.share(value_ms)), mark(value_ms)) for value_ms in axis.marks()),
        up=tuple(Tick(_y(share), f"{share:.0%}") for share in SHARES),
    )


def _chart(name: str, family: str, both: Sequence[Floats], axis: LogAxis) -> Chart:
    names = ("first", "second")
    curves = tuple(
        Curve(_curve(times_ms, axis), which) for times_ms, which in zip(both, names, strict=True)
    )
    medians = [
        format_ms(float(np.median(times_ms)) if times_ms.size else None) for times_ms in both
    ]
    return Chart(name, family, curves, f"median {medians[0]}, then {medians[1]}")


def _curve(times_ms: Floats, axis: LogAxis) -> str:
    if not times_ms.size:
        return ""
    return path([(_x(axis.share(value)), _y(share)) for share, value in quantiles(times_ms)])


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
