"""How response times are distributed, laid out for an SVG each: in all, and from lane to lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from dashboard.analysis.inference.deciles import DECILES, Shift, percentiles_ms, response_ms, shifts
from dashboard.analysis.samples.lane_samples import Lane
from dashboard.analysis.samples.over_time import step_ms
from dashboard.models import RunLane
from dashboard.web.shared.format import milliseconds

from .log_axis import LogAxis, Tick, mark, path, quantiles

WIDTH, HEIGHT = 420, 290
LEFT, RIGHT, TOP, BOTTOM = 56, 22, 14, 24
SHARES = {0.0: "0", 0.5: "p50", 0.95: "p95"}
LETTERS = "ABCDEF"
BESIDE = 5  # lanes stand a little beside one another
BAR = 3  # the width of an interval
TICKS = 5
LETTER_HEIGHT = 15


@dataclass(frozen=True)
class Curve:
    """One lane: a path, the bars about its points, and its letter where there is room."""

    letter: str
    family: str
    path: str
    letter_x: float
    letter_y: float
    bars: tuple[tuple[float, float, float], ...] = ()  # left, top, height


@dataclass(frozen=True)
class Picture:
    """Everything that the template draws; `summary` says it in words."""

    summary: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    curves: tuple[Curve, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    bar: int = BAR


def ecdf(lanes: Sequence[RunLane], collected: Sequence[Lane]) -> Picture:
    """The share of requests at or below each response time, on a logarithmic axis."""
    times = [response_ms(lane) for lane in collected]
    known = [one for one in times if one.size]
    axis = LogAxis.around(known)

    def x(value_ms: float) -> float:
        return _across(axis.share(value_ms))

    curves, said = [], []
    for lane, ascending in zip(lanes, times, strict=True):
        if not ascending.size:
            continue
        letter = LETTERS[lane.position]
        half, most = percentiles_ms(ascending, [50, 95])
        said.append(f"{letter} half within {milliseconds(half)}, 95 % within {milliseconds(most)}")
        points = [(x(value), _up(share)) for share, value in quantiles(ascending)]
        curves.append(Curve(letter, lane.family, path(points), x(half), _up(0.5)))
    return Picture(
        summary=" · ".join(said) or "nothing yet",
        across=tuple(Tick(x(one), mark(one)) for one in axis.marks()),
        up=tuple(Tick(_up(share), name) for share, name in SHARES.items()),
        curves=_apart(curves),
    )


def shift(lanes: Sequence[RunLane], collected: Sequence[Lane]) -> Picture:
    """By how much each decile comes later than the baseline's, with its interval."""
    found = [shifts(collected[0], lane) for lane in collected[1:]]
    ends = [end for lane in found for one in lane for end in (one.low_ms, one.high_ms)]
    low, high = min(0.0, *ends, 0.0), max(0.0, *ends, 0.0)
    length = high - low or 1.0

    def y(value_ms: float) -> float:
        return _up((value_ms - low) / length)

    curves = [
        _shift_curve(lane, deciles, y)
        for lane, deciles in zip(lanes[1:], found, strict=True)
        if deciles
    ]
    step = step_ms(length, TICKS)
    steps = step * np.arange(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)
    return Picture(
        summary=_shift_words(lanes, found),
        across=tuple(Tick(_across(one / 100), f"{one} %") for one in DECILES),
        up=tuple(Tick(y(one), milliseconds(one) if one else "0") for one in steps),
        curves=_apart(curves),
    )


def _shift_curve(lane: RunLane, deciles: Sequence[Shift], y: Callable[[float], float]) -> Curve:
    xs = [_across(one.decile / 100) + BESIDE * (lane.position - 1) for one in deciles]
    points = [(x, y(one.middle_ms)) for x, one in zip(xs, deciles, strict=True)]
    bars = tuple(
        (x - BAR / 2, y(one.high_ms), max(y(one.low_ms) - y(one.high_ms), 1.0))
        for x, one in zip(xs, deciles, strict=True)
    )
    return Curve(LETTERS[lane.position], lane.family, path(points), *points[-1], bars)


def _shift_words(lanes: Sequence[RunLane], found: Sequence[Sequence[Shift]]) -> str:
    said = []
    for lane, deciles in zip(lanes[1:], found, strict=True):
        if deciles:
            half = next(one for one in deciles if one.decile == 50)
            later = f"{milliseconds(abs(half.middle_ms))} {_direction(half.middle_ms)}"
            said.append(f"half of {LETTERS[lane.position]} {later} than {LETTERS[0]}")
    if not said:
        return "nothing to compare yet"
    interval = any(one.interval for deciles in found for one in deciles)
    bars = "intervals of 95 %" if interval else "from round to round"
    return f"{' · '.join(said)} · bars: {bars}"


def _direction(value_ms: float) -> str:
    return "sooner" if value_ms < 0 else "later"


def _apart(curves: Sequence[Curve]) -> tuple[Curve, ...]:
    """Letters beside their places, moved up until none stands on another."""
    placed: list[tuple[float, float]] = []
    moved = []
    for curve in sorted(curves, key=lambda one: -one.letter_y):
        x, y = curve.letter_x + LETTER_HEIGHT / 2, curve.letter_y - LETTER_HEIGHT / 2
        while near := [
            other_y
            for other_x, other_y in placed
            if abs(other_x - x) < LETTER_HEIGHT and abs(other_y - y) < LETTER_HEIGHT
        ]:
            y = min(near) - LETTER_HEIGHT
        placed.append((x, y))
        moved.append(Curve(curve.letter, curve.family, curve.path, x, y, curve.bars))
    return tuple(sorted(moved, key=lambda one: one.letter))


def _across(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _up(share: float) -> float:
    return TOP + (1 - share) * (HEIGHT - TOP - BOTTOM)
