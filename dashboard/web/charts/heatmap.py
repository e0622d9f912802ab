"""When the requests of a round were done, and after how long: a band a lane, laid out for an SVG.

One hue a lane and lightness only: the stronger a cell, the more requests it holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np

from dashboard.analysis.inference.intervals import Floats
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.over_time import step_ms
from dashboard.analysis.samples.window import Stretch
from dashboard.models import RunLane
from dashboard.wire.units import NS_PER_MS

from .distribution import BOTTOM, HEIGHT, LEFT, LETTERS, RIGHT, TOP, WIDTH
from .log_axis import SMALLEST_MS, LogAxis, Tick, mark

COLUMNS, ROWS = 90, 16
SHADES = 8
FAINTEST = 0.2  # of the hue, in a cell that holds one request
TICKS = 5
GAP = 14  # between two bands
ABOVE = 1.001  # an axis ends a little above what is greatest
INNER = WIDTH - LEFT - RIGHT


@dataclass(frozen=True)
class Shade:
    """All cells of one strength in a band, as the `d` of a path."""

    opacity: float
    path: str


@dataclass(frozen=True)
class Band:
    """One lane: its cells, and the marks of its axis of latencies."""

    letter: str
    family: str
    middle: float
    up: tuple[Tick, ...]
    shades: tuple[Shade, ...]


@dataclass(frozen=True)
class HeatPicture:
    """Everything that the template draws; `summary` says it in words."""

    summary: str
    across: tuple[Tick, ...]
    bands: tuple[Band, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM


def heat(
    lanes: Sequence[RunLane], collected: Sequence[Lane], stretch: Stretch | None
) -> HeatPicture:
    """Of the lanes of one round, all of it or a stretch."""
    times = [_times_ms(lane) for lane in collected]
    done_ms, took_ms = (np.concatenate(every) for every in zip(*times, strict=True))
    if not done_ms.size:
        return HeatPicture("nothing yet", (), ())
    span = stretch or Stretch(0.0, float(done_ms.max()) * ABOVE)
    axis = _latencies(took_ms)
    grids = [_grid(done, took, span, axis) for done, took in times]
    most = max(float(grid.max()) for grid in grids)
    height = (HEIGHT - TOP - BOTTOM) / len(lanes)
    said = f"when requests were done, and after how long; the strongest cell holds {most:,.0f}"
    places = [(TOP + height * at, height - GAP) for at in range(len(lanes))]
    return HeatPicture(
        summary=said,
        across=tuple(_time_marks(span)),
        bands=tuple(
            Band(
                letter=LETTERS[lane.position],
                family=lane.family,
                middle=top + high / 2,
                up=tuple(_latency_marks(axis, top, high)),
                shades=tuple(_shades(grid, top, high, most)),
            )
            for lane, grid, (top, high) in zip(lanes, grids, places, strict=True)
        ),
    )


def _latencies(took_ms: Floats) -> LogAxis:
    """All response times are inside."""
    low, high = (log10(max(float(end), SMALLEST_MS)) for end in (took_ms.min(), took_ms.max()))
    return LogAxis(low, max(high, low + log10(2)) + log10(ABOVE))


def _grid(done_ms: Floats, took_ms: Floats, span: Stretch, axis: LogAxis) -> Floats:
    """How many requests there are by latency, the least first, and by time."""
    found: Floats = np.histogram2d(
        np.log10(np.maximum(took_ms, SMALLEST_MS)),
        done_ms,
        bins=(ROWS, COLUMNS),
        range=((axis.low, axis.high), (span.from_ms, span.to_ms)),
    )[0]
    return found


def _time_marks(span: Stretch) -> Iterator[Tick]:
    length_ms = span.to_ms - span.from_ms
    step = step_ms(length_ms, TICKS)
    for number in range(ceil(span.from_ms / step), floor(span.to_ms / step) + 1):
        yield Tick(LEFT + INNER * (number * step - span.from_ms) / length_ms, mark(number * step))


def _latency_marks(axis: LogAxis, top: float, height: float) -> Iterator[Tick]:
    marks = axis.marks()
    for one in marks[:: max(1, len(marks) // 3)]:
        yield Tick(top + height * (1 - axis.share(one)), mark(one))


def _times_ms(lane: Lane) -> tuple[Floats, Floats]:
    """When those that succeeded were done, and how long they took."""
    done_ns = lane.samples["done"][lane.ok]
    return done_ns / NS_PER_MS, (done_ns - lane.samples["due"][lane.ok]) / NS_PER_MS


def _shades(grid: Floats, top: float, height: float, most: float) -> Iterator[Shade]:
    """Cells by strength: the logarithm of how many they hold, in few steps."""
    strength = np.ceil(SHADES * np.log1p(grid) / np.log1p(max(most, 1))).astype(int)
    wide, high = INNER / COLUMNS, height / ROWS
    for number in range(1, SHADES + 1):
        rows, columns = np.nonzero(strength == number)
        cells = (
            f"M{LEFT + column * wide:.1f} {top + height - (row + 1) * high:.1f}"
            f"h{wide:.2f}v{high:.2f}h-{wide:.2f}z"
            for row, column in zip(rows, columns, strict=True)
        )
        if path := "".join(cells):
            share = (number - 1) / (SHADES - 1)
            yield Shade(FAINTEST + (1 - FAINTEST) * share, path)
