"""The charts of a sweep, laid out for SVG: throughput and p95 over the varied quantity.

Both axes are logarithmic: levels are geometric, and only there is a pool's limit a visible bend. A
sweep that begins at 0 has a linear horizontal axis. All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Final, Literal

from dashboard.runs.reports.wording import per_second
from dashboard.web.charts.plot_area import PlotArea, Tick, polyline
from dashboard.web.shared.format import LETTERS, format_ms
from dashboard.wire.experiments.sweep import (
    LevelLane,
    SweepAnswer,
    SweepAxis,
    SweepCrossover,
    SweepLevel,
)

AREA = PlotArea.within(720, 380, left=62, right=190, top=46, bottom=40)
LABEL_DISTANCE = 16  # between the labels of two lines
MAX_TICKS = 9
TEXT_LINE_HEIGHT = 18
THROUGHPUT: Final = "throughput_rps"
Metric = Literal["throughput_rps", "p95_ms"]


@dataclass(frozen=True)
class Mark:
    """A measured point; `title` has its numbers."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Line:
    """A lane; its letter decides the mark and the line style."""

    lane: str
    family: str
    letter: str
    points: str
    marks: tuple[Mark, ...]
    label_x: float
    label_y: float
    theory: str  # the points of the dotted line; empty without a theory


@dataclass(frozen=True)
class Crossover:
    """A crossover: the band of its interval, the line where it begins, and its text."""

    x: float
    width: float
    line_x: float
    text: str
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True)
class Chart:
    """What the template draws of one metric."""

    title: str
    summary: str
    axis: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    crossovers: tuple[Crossover, ...]
    area: PlotArea = AREA


class Scale:
    """A map from values to positions, logarithmic unless the values include 0."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        self.linear = self.low <= 0
        if self.high == self.low:
            self.high = self.low * 2 if self.low > 0 else 1.0
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        """Return the position of a value."""
        if self.linear:
            share = (value - self.low) / (self.high - self.low)
        else:
            share = log10(value / self.low) / log10(self.high / self.low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """Return round values: digits times powers of ten, fewer digits if there are too many."""
        if self.linear:
            return [self.low + (self.high - self.low) * step / 5 for step in range(6)]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        ticks: list[float] = []
        for steps in (range(1, 10), (1, 2, 5), (1, 3), (1,)):
            candidates = [step * 10.0**power for power in powers for step in steps]
            ticks = [
                value for value in candidates if self.low * 0.999 <= value <= self.high * 1.001
            ]
            if len(ticks) <= MAX_TICKS:
                break
        return ticks


def charts(answer: SweepAnswer) -> list[Chart]:
    """Return the charts of throughput and p95; none before the first level is measured."""
    if not any(lane[THROUGHPUT] for lane in _lanes_of_levels(answer)):
        return []
    return [
        _chart(answer, THROUGHPUT, "Throughput, requests per second", per_second),
        _chart(answer, "p95_ms", "Response time, p95", format_ms),
    ]


def _lanes_of_levels(answer: SweepAnswer) -> Iterator[LevelLane]:
    for level in answer["levels"]:
        yield from level["lanes"]


def _chart(answer: SweepAnswer, metric: Metric, title: str, words: Callable[[float], str]) -> Chart:
    over = answer["over"]
    lanes = list(_lanes_of_levels(answer))
    theories = [lane["theory_rps"] for lane in lanes if metric == THROUGHPUT]
    values = [value for value in (*(lane[metric] for lane in lanes), *theories) if value]
    ends = [0.8 * min(values), 1.2 * max(values)] if values else [1.0, 10.0]
    x = Scale([over["low"], over["high"]], AREA.left, AREA.right)
    y = Scale(ends, AREA.bottom, AREA.top)
    drawing = _Drawing(answer, metric, words, x, y)
    lines = [drawing.line(lane) for lane in answer["lanes"]]
    return Chart(
        title=title,
        summary=answer["sentence"] or "No crossover found yet.",
        axis=_axis_label(over),
        x_ticks=tuple(Tick(x(at), f"{at:.4g}") for at in x.ticks()),
        y_ticks=tuple(Tick(y(value), words(value)) for value in y.ticks()),
        lines=_spread_labels([line for line in lines if line.marks]),
        crossovers=tuple(_crossovers(answer, x)),
    )


def _axis_label(over: SweepAxis) -> str:
    names = {"concurrency": "requests in flight", "rate": "requests per second"}
    return names.get(over["name"]) or ", ".join(filter(None, [over["name"], over["unit"]]))


@dataclass(frozen=True)
class _Drawing:
    """A metric on its two scales."""

    answer: SweepAnswer
    metric: Metric
    words: Callable[[float], str]
    x: Scale
    y: Scale

    def line(self, name: str) -> Line:
        """Return a lane's line, its marks, and the dotted line of its theory."""
        own = [
            (level, lane)
            for level in self.answer["levels"]
            for lane in level["lanes"]
            if lane["lane"] == name
        ]
        marks = tuple(
            self._mark(level, name, value) for level, lane in own if (value := lane[self.metric])
        )
        theory = [(level["at"], value) for level, lane in own if (value := lane["theory_rps"])]
        return Line(
            lane=name,
            family=self.answer["families"].get(name, ""),
            letter=LETTERS[self.answer["lanes"].index(name)],
            points=polyline((mark.x, mark.y) for mark in marks),
            marks=marks,
            label_x=marks[-1].x + 10 if marks else 0.0,
            label_y=marks[-1].y + 4 if marks else 0.0,
            theory=polyline((self.x(at), self.y(value)) for at, value in theory)
            if self.metric == THROUGHPUT
            else "",
        )

    def _mark(self, level: SweepLevel, lane: str, value: float) -> Mark:
        title = f"{lane}, {level['words']}: {self.words(value)}"
        return Mark(self.x(level["at"]), self.y(value), title)


def _spread_labels(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Push labels down until none covers another."""
    places: dict[str, float] = {}
    least = float(AREA.top)
    for line in sorted(lines, key=lambda line: line.label_y):
        places[line.lane] = max(line.label_y, least)
        least = places[line.lane] + LABEL_DISTANCE
    return tuple(replace(line, label_y=places[line.lane]) for line in lines)


def _crossovers(answer: SweepAnswer, x: Scale) -> Iterator[Crossover]:
    number = 0
    for crossover in answer["crossovers"]:
        if crossover["interval"] is None:
            continue
        low, high = x(crossover["interval"][0]), x(crossover["interval"][1])
        near_right_edge = high > (AREA.left + AREA.right) / 2
        yield Crossover(
            x=low,
            width=high - low,
            line_x=high,
            text=_crossover_text(crossover),
            text_x=high - 6 if near_right_edge else high + 6,
            text_y=14 + TEXT_LINE_HEIGHT * number,
            anchor="end" if near_right_edge else "start",
        )
        number += 1


def _crossover_text(crossover: SweepCrossover) -> str:
    winners = {"ahead": crossover["lane"], "behind": crossover["baseline"]}
    ahead = winners.get(crossover["standing"])
    at = f"{crossover['from']:.4g}"
    return f"from {at}: {ahead} is ahead" if ahead else f"from {at}: no difference"
