"""A round's requests by finish time and response time: one band per lane, laid out for SVG.

Each lane has one hue; the more requests a cell holds, the more opaque it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats, Lane
from dashboard.analysis.samples.over_time import step_ms
from dashboard.analysis.samples.window import Stretch
from dashboard.models import RunLane
from dashboard.web.shared.format import LETTERS
from dashboard.wire.units import NS_PER_MS

from .distribution import AREA
from .empty import why_empty
from .log_axis import SMALLEST_MS, LogAxis, mark
from .plot_area import PlotArea, Tick

COLUMNS, ROWS = 90, 16
SHADES = 8
LEAST_OPACITY = 0.2  # of a cell that holds one request
TICKS = 5
GAP = 14  # between two bands
BEYOND_MOST = 1.001  # an axis ends a little above the greatest value
MARKS_PER_BAND = 3


@dataclass(frozen=True)
class Shade:
    """All cells of one opacity in a band, as the `d` of a path."""

    opacity: float
    path: str


@dataclass(frozen=True)
class Band:
    """A lane's cells, and the marks of its axis of response times."""

    letter: str
    family: str
    middle: float
    up: tuple[Tick, ...]
    shades: tuple[Shade, ...]


@dataclass(frozen=True)
class HeatPicture:
    """What the template draws. `summary` is the picture's text alternative."""

    summary: str
    across: tuple[Tick, ...]
    bands: tuple[Band, ...]
    area: PlotArea = AREA


def heatmap(
    lanes: Sequence[RunLane], collected: Sequence[Lane], stretch: Stretch | None
) -> HeatPicture:
    """Draw the lanes of one round, all of it or a stretch."""
    times = [_times_ms(lane) for lane in collected]
    done_ms, response_ms = (np.concatenate(column) for column in zip(*times, strict=True))
    if not done_ms.size:
        return HeatPicture(why_empty(collected, selected=stretch is not None), (), ())
    span = stretch or Stretch(0.0, float(done_ms.max()) * BEYOND_MOST)
    axis = _response_axis(response_ms)
    grids = [_grid(done, response, span, axis) for done, response in times]
    most = max(float(grid.max()) for grid in grids)
    return HeatPicture(
        summary=f"requests by finish time and response time, at most {most:,.0f} per cell",
        across=tuple(_time_marks(span)),
        bands=tuple(
            Band(
                letter=LETTERS[lane.position],
                family=lane.family,
                middle=area.middle,
                up=_response_marks(axis, area),
                shades=tuple(_shades(grid, area, most)),
            )
            for lane, grid, area in zip(lanes, grids, AREA.bands(len(lanes), GAP), strict=True)
        ),
    )


def _response_axis(response_ms: Floats) -> LogAxis:
    """Return an axis that contains all response times."""
    low, high = (
        log10(max(float(end), SMALLEST_MS)) for end in (response_ms.min(), response_ms.max())
    )
    return LogAxis(low, max(high, low + log10(2)) + log10(BEYOND_MOST))


def _grid(done_ms: Floats, response_ms: Floats, span: Stretch, axis: LogAxis) -> Floats:
    """Count requests by response time, ascending, and by finish time."""
    counts: Floats = np.histogram2d(
        np.log10(np.maximum(response_ms, SMALLEST_MS)),
        done_ms,
        bins=(ROWS, COLUMNS),
        range=((axis.low, axis.high), (span.from_ms, span.to_ms)),
    )[0]
    return counts


def _time_marks(span: Stretch) -> Iterator[Tick]:
    length_ms = span.to_ms - span.from_ms
    step = step_ms(length_ms, TICKS)
    for number in range(ceil(span.from_ms / step), floor(span.to_ms / step) + 1):
        share = (number * step - span.from_ms) / length_ms
        yield Tick(AREA.x(share), mark(number * step))


def _response_marks(axis: LogAxis, area: PlotArea) -> tuple[Tick, ...]:
    return tuple(axis.ticks(area.y, every=max(1, len(axis.marks()) // MARKS_PER_BAND)))


def _times_ms(lane: Lane) -> tuple[Floats, Floats]:
    """Return finish times and response times of the requests that succeeded."""
    done_ns = lane.samples["done"][lane.ok]
    return done_ns / NS_PER_MS, (done_ns - lane.samples["due"][lane.ok]) / NS_PER_MS


def _shades(grid: Floats, area: PlotArea, most: float) -> Iterator[Shade]:
    """Group cells by the logarithm of how many requests they hold, in SHADES steps."""
    levels = np.ceil(SHADES * np.log1p(grid) / np.log1p(max(most, 1))).astype(int)
    cell_width, cell_height = area.inner_width / COLUMNS, area.inner_height / ROWS
    for level in range(1, SHADES + 1):
        rows, columns = np.nonzero(levels == level)
        cells = (
            f"M{area.left + column * cell_width:.1f} {area.bottom - (row + 1) * cell_height:.1f}"
            f"h{cell_width:.2f}v{cell_height:.2f}h-{cell_width:.2f}z"
            for row, column in zip(rows, columns, strict=True)
        )
        if path := "".join(cells):
            share = (level - 1) / (SHADES - 1)
            yield Shade(LEAST_OPACITY + (1 - LEAST_OPACITY) * share, path)
