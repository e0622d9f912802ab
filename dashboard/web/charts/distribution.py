"""Distributions of response times laid out for SVG: the ECDF, and the shift from lane to lane.

Lanes of one family differ by the line's pattern and by its marks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np

from dashboard.analysis.inference.deciles import DECILES, Shift, shifts
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.over_time import step_ms
from dashboard.analysis.samples.percentiles import percentiles_ms, response_ms
from dashboard.models import RunLane
from dashboard.web.shared.format import LETTERS, format_ms

from .empty import why_empty
from .log_axis import LogAxis, ecdf_marks, ecdf_path, mark
from .plot_area import PlotArea, Tick, path

AREA = PlotArea.within(420, 290, left=56, right=22, top=14, bottom=24)
SHARES = {0.0: "0", 0.5: "p50", 0.95: "p95"}
LANE_OFFSET = 5  # horizontally, so that the lanes' bars do not cover each other
BAR_WIDTH = 3
TICKS = 5
LETTER_HEIGHT = 15


@dataclass(frozen=True)
class Curve:
    """A lane's curve: its path, the place of its letter, its interval bars, and its marks."""

    letter: str
    family: str
    path: str
    letter_x: float
    letter_y: float
    bars: tuple[tuple[float, float, float], ...] = ()  # left, top, height
    marks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class CurvePicture:
    """What the template draws. `summary` is the picture's text alternative."""

    summary: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    area: PlotArea = AREA
    bar: int = BAR_WIDTH


def ecdf(
    lanes: Sequence[RunLane], collected: Sequence[Lane], *, selected: bool = False
) -> CurvePicture:
    """Draw the share of requests at or below each response time, on a logarithmic axis.

    `selected`: only a stretch was collected.
    """
    times_by_lane = [response_ms(lane) for lane in collected]
    axis = LogAxis.around([times for times in times_by_lane if times.size])
    curves, summaries = [], []
    for lane, times_ms in zip(lanes, times_by_lane, strict=True):
        if not times_ms.size:
            continue
        letter = LETTERS[lane.position]
        p50_ms, p95_ms = percentiles_ms(times_ms, [50, 95])
        summaries.append(f"{letter}: p50 {format_ms(p50_ms)}, p95 {format_ms(p95_ms)}")
        median_x = AREA.x(axis.share(float(p50_ms)))
        line = ecdf_path(times_ms, axis, AREA)
        marks = ecdf_marks(times_ms, axis, AREA, (lane.position + 0.5) / len(lanes))
        curve = Curve(letter, lane.family, line, median_x, AREA.y(0.5), marks=marks)
        curves.append(curve)
    return CurvePicture(
        summary=" · ".join(summaries) or why_empty(collected, selected=selected),
        across=tuple(axis.ticks(AREA.x)),
        up=tuple(Tick(AREA.y(share), name) for share, name in SHARES.items()),
        curves=_spread_letters(curves),
    )


def shift(lanes: Sequence[RunLane], collected: Sequence[Lane]) -> CurvePicture:
    """Draw by how much each decile is later than the baseline's, with its interval."""
    deciles_by_lane = [shifts(collected[0], lane) for lane in collected[1:]]
    every_shift = [shift for deciles in deciles_by_lane for shift in deciles]
    bounds = [bound for shift in every_shift for bound in (shift.low_ms, shift.high_ms)]
    low, high = min(0.0, *bounds, 0.0), max(0.0, *bounds, 0.0)
    length = high - low or 1.0

    def y(value_ms: float) -> float:
        return AREA.y((value_ms - low) / length)

    curves = [
        _shift_curve(lane, deciles, y)
        for lane, deciles in zip(lanes[1:], deciles_by_lane, strict=True)
        if deciles
    ]
    step = step_ms(length, TICKS)
    ticks_ms = step * np.arange(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return CurvePicture(
        summary=_shift_summary(lanes, deciles_by_lane),
        across=tuple(Tick(AREA.x(decile / 100), f"{decile} %") for decile in DECILES),
        up=tuple(Tick(y(value_ms), mark(float(value_ms))) for value_ms in ticks_ms),
        curves=_spread_letters(curves),
    )


def _shift_curve(lane: RunLane, deciles: Sequence[Shift], y: Callable[[float], float]) -> Curve:
    xs = [AREA.x(shift.decile / 100) + LANE_OFFSET * (lane.position - 1) for shift in deciles]
    points = [(x, y(shift.middle_ms)) for x, shift in zip(xs, deciles, strict=True)]
    bars = tuple(
        (x - BAR_WIDTH / 2, y(shift.high_ms), max(y(shift.low_ms) - y(shift.high_ms), 1.0))
        for x, shift in zip(xs, deciles, strict=True)
    )
    return Curve(
        LETTERS[lane.position], lane.family, path(points), *points[-1], bars, tuple(points)
    )


def _shift_summary(lanes: Sequence[RunLane], deciles_by_lane: Sequence[Sequence[Shift]]) -> str:
    medians = [
        f"{LETTERS[lane.position]} answered {_later(shift.middle_ms)} than {LETTERS[0]}"
        for lane, deciles in zip(lanes[1:], deciles_by_lane, strict=True)
        for shift in deciles
        if shift.decile == 50
    ]
    if not medians:
        return "nothing to compare: two lanes with requests that succeeded are needed"
    interval = any(shift.interval for deciles in deciles_by_lane for shift in deciles)
    bars = "95 % intervals" if interval else "range over the rounds"
    return f"at the median, {' · '.join(medians)} · bars: {bars}"


def _later(value_ms: float) -> str:
    return f"{format_ms(abs(value_ms))} {'earlier' if value_ms < 0 else 'later'}"


def _spread_letters(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Move letters up until none covers another."""
    placed: list[tuple[float, float]] = []
    moved = []
    for curve in sorted(curves, key=lambda curve: -curve.letter_y):
        x, y = curve.letter_x + LETTER_HEIGHT / 2, curve.letter_y - LETTER_HEIGHT / 2
        while near := [
            other_y
            for other_x, other_y in placed
            if abs(other_x - x) < LETTER_HEIGHT and abs(other_y - y) < LETTER_HEIGHT
        ]:
            y = min(near) - LETTER_HEIGHT
        placed.append((x, y))
        moved.append(replace(curve, letter_x=x, letter_y=y))
    return tuple(sorted(moved, key=lambda curve: curve.letter))
