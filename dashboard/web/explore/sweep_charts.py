"""The pictures of a sweep, laid out for an SVG: throughput and p95 over what was swept.

Both axes are logarithmic, since levels are geometric and a pool's limit is a bend only there; a
sweep that begins at 0 has an even one below. All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, log10
from typing import Any

from dashboard.runs.reports.wording import per_second
from dashboard.web.charts.log_axis import Tick
from dashboard.web.shared.format import milliseconds

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 62, 190, 46, 40
LABEL_APART = 16  # between the direct labels of two lines
MOST_TICKS = 9
LINE = 18
THROUGHPUT = "throughput_rps"

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Mark:
    """One measured point; `title` says its numbers."""

    x: float
    y: float
    title: str


@dataclass(frozen=True)
class Line:
    """One lane. `kind` counts those of its family: the second one is dashed."""

    lane: str
    family: str
    kind: int
    points: str
    marks: tuple[Mark, ...]
    label_x: float
    label_y: float
    theory: str  # the points of its dotted line; empty where there is no theory


@dataclass(frozen=True)
class Change:
    """A crossover: the band of its interval, the line from which on it holds, and its name."""

    x: float
    width: float
    line_x: float
    text: str
    text_x: float
    text_y: float
    anchor: str


@dataclass(frozen=True)
class Chart:
    """Everything that the template draws of one metric."""

    title: str
    summary: str
    axis: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lines: tuple[Line, ...]
    changes: tuple[Change, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    inner_height: int = HEIGHT - BOTTOM - TOP


class Scale:
    """Values to places, logarithmic unless they reach down to 0."""

    def __init__(self, values: Sequence[float], begin: float, end: float) -> None:
        self.low, self.high = min(values), max(values)
        self.even = self.low <= 0
        if self.high == self.low:
            self.high = self.low * 2 if self.low > 0 else 1.0
        self._begin, self._end = begin, end

    def __call__(self, value: float) -> float:
        """Where a value is drawn."""
        if self.even:
            share = (value - self.low) / (self.high - self.low)
        else:
            share = log10(value / self.low) / log10(self.high / self.low)
        return self._begin + share * (self._end - self._begin)

    def ticks(self) -> list[float]:
        """Round values inside: each digit times a power of ten, fewer where they are too many."""
        if self.even:
            return [self.low + (self.high - self.low) * step / 5 for step in range(6)]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        found: list[float] = []
        for steps in (range(1, 10), (1, 2, 5), (1, 3), (1,)):
            every = [step * 10.0**power for power in powers for step in steps]
            found = [value for value in every if self.low * 0.999 <= value <= self.high * 1.001]
            if len(found) <= MOST_TICKS:
                break
        return found


def charts(answer: Answer) -> list[Chart]:
    """Throughput and p95; empty before any level is known."""
    if not any(lane[THROUGHPUT] for lane in _every_lane(answer)):
        return []
    return [
        _chart(answer, THROUGHPUT, "Throughput, requests a second", per_second),
        _chart(answer, "p95_ms", "p95 of the response time", milliseconds),
    ]


def _every_lane(answer: Answer) -> Iterator[Answer]:
    for level in answer["levels"]:
        yield from level["lanes"]


def _chart(answer: Answer, metric: str, title: str, words: Callable[[float], str]) -> Chart:
    over = answer["over"]
    names = (metric, "theory_rps") if metric == THROUGHPUT else (metric,)
    values = [lane[name] for lane in _every_lane(answer) for name in names if lane[name]]
    ends = [0.8 * min(values), 1.2 * max(values)] if values else [1.0, 10.0]
    x = Scale([over["low"], over["high"]], LEFT, WIDTH - RIGHT)
    y = Scale(ends, HEIGHT - BOTTOM, TOP)
    drawing = _Drawing(answer, metric, words, x, y)
    lines = [drawing.line(lane) for lane in answer["lanes"]]
    return Chart(
        title=title,
        summary=answer["sentence"] or "No crossover is known yet.",
        axis=_axis_words(over),
        x_ticks=tuple(Tick(x(at), f"{at:.4g}") for at in x.ticks()),
        y_ticks=tuple(Tick(y(value), words(value)) for value in y.ticks()),
        lines=_labels_apart([line for line in lines if line.marks]),
        changes=tuple(_changes(answer, x)),
    )


def _axis_words(over: Answer) -> str:
    known = {"concurrency": "requests in flight", "rate": "requests a second"}
    return known.get(over["name"]) or ", ".join(filter(None, [over["name"], over["unit"]]))


@dataclass(frozen=True)
class _Drawing:
    """One metric on its two scales."""

    answer: Answer
    metric: str
    words: Callable[[float], str]
    x: Scale
    y: Scale

    def line(self, name: str) -> Line:
        """A lane's line, its marks, and the dotted one of its theory."""
        own = [
            (level, lane)
            for level in self.answer["levels"]
            for lane in level["lanes"]
            if lane["lane"] == name
        ]
        marks = tuple(self._mark(level, lane) for level, lane in own if lane[self.metric])
        theory = [(level["at"], lane["theory_rps"]) for level, lane in own if lane["theory_rps"]]
        return Line(
            lane=name,
            family=self.answer["families"].get(name, ""),
            kind=self._kind(name),
            points=_points((mark.x, mark.y) for mark in marks),
            marks=marks,
            label_x=marks[-1].x + 10 if marks else 0.0,
            label_y=marks[-1].y + 4 if marks else 0.0,
            theory=_points((self.x(at), self.y(value)) for at, value in theory)
            if self.metric == THROUGHPUT
            else "",
        )

    def _mark(self, level: Answer, lane: Answer) -> Mark:
        value = lane[self.metric]
        title = f"{lane['lane']}, {level['words']}: {self.words(value)}"
        return Mark(self.x(level["at"]), self.y(value), title)

    def _kind(self, name: str) -> int:
        lanes, families = self.answer["lanes"], self.answer["families"]
        earlier = lanes[: lanes.index(name)]
        return sum(families.get(one) == families.get(name) for one in earlier)


def _points(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def _labels_apart(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The same lines in their order, labels pushed down where they would cover each other."""
    places: dict[str, float] = {}
    least = float(TOP)
    for line in sorted(lines, key=lambda one: one.label_y):
        places[line.lane] = max(line.label_y, least)
        least = places[line.lane] + LABEL_APART
    return tuple(replace(line, label_y=places[line.lane]) for line in lines)


def _changes(answer: Answer, x: Scale) -> Iterator[Change]:
    number = 0
    for one in answer["crossovers"]:
        if one["interval"] is None:
            continue
        low, high = x(one["interval"][0]), x(one["interval"][1])
        near_the_end = high > (LEFT + WIDTH - RIGHT) / 2
        yield Change(
            x=low,
            width=high - low,
            line_x=high,
            text=_change_words(answer, one),
            text_x=high - 6 if near_the_end else high + 6,
            text_y=14 + LINE * number,
            anchor="end" if near_the_end else "start",
        )
        number += 1


def _change_words(answer: Answer, one: Answer) -> str:
    ahead = {"ahead": one["lane"], "behind": one["baseline"]}.get(one["standing"])
    at = f"{one['from']:.4g}"
    return f"from {at} on, {ahead} is ahead" if ahead else f"from {at} on, no difference"
