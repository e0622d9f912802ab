"""Response times of two runs as overlaid ECDFs, laid out for SVG.

One chart per lane, all on one logarithmic axis. The first run is dashed and marked ◆, the second
solid and marked ●.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats, Lane
from dashboard.analysis.samples.percentiles import response_ms
from dashboard.web.charts.log_axis import LogAxis, ecdf_marks, ecdf_path
from dashboard.web.charts.plot_area import PlotArea, Tick
from dashboard.web.shared.format import format_ms

AREA = PlotArea.within(560, 180, left=40, right=12, top=10, bottom=26)
RUNS = (("first", "B", 0.25), ("second", "A", 0.75))  # name, mark, offset of the marks
SHARES = (0.0, 0.5, 0.95)  # more would overlap the label of the last


@dataclass(frozen=True)
class Curve:
    """One run's ECDF as the `d` of a path; empty if no request succeeded."""

    path: str
    which: str
    letter: str  # whose mark it has
    marks: tuple[tuple[float, float], ...]


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
    area: PlotArea = AREA


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
        across=tuple(axis.ticks(AREA.x)),
        up=tuple(Tick(AREA.y(share), f"{share:.0%}") for share in SHARES),
    )


def _chart(name: str, family: str, both: Sequence[Floats], axis: LogAxis) -> Chart:
    curves = tuple(
        Curve(
            ecdf_path(times_ms, axis, AREA),
            which,
            letter,
            ecdf_marks(times_ms, axis, AREA, offset),
        )
        for times_ms, (which, letter, offset) in zip(both, RUNS, strict=True)
    )
    medians = [
        format_ms(float(np.median(times_ms)) if times_ms.size else None) for times_ms in both
    ]
    return Chart(name, family, curves, f"median {medians[0]}, then {medians[1]}")
