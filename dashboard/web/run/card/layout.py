"""What a card contains and where; the template only writes it down.

Lengths are those of the drawing: 1200 by 630, the size that chats and social networks show whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.report.report import first_look
from dashboard.analysis.samples.cut_off import with_cut_off
from dashboard.analysis.samples.lane_samples import Columns, Lane
from dashboard.analysis.text.numbers import compared_with
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.runs.reports.stored import stored_report
from dashboard.web.charts.plot_area import PlotArea, Tick
from dashboard.web.run.lane_rows import LaneView
from dashboard.web.run.run_view import RunView, view_of
from dashboard.web.shared.format import UNKNOWN
from dashboard.wire.plural import counted
from dashboard.wire.report.page_data import LaneData
from dashboard.wire.units import MS_PER_S, NS_PER_MS

from .bars import Bars, bars_of
from .fitting import Fitted, fitted, valid, width_of, wrapped
from .palette import Scheme, style_sheet

WIDTH, HEIGHT, EDGE = 1200, 630, 48
SENTENCE_SIZES = (34, 30, 26, 22)
SENTENCE_LINES, SENTENCE_TOP, LINE_HEIGHT = 2, 122, 1.25
NUMBER_SIZE = 28  # a lane's own
LANES_TOP, LANES_BOTTOM = 214, 558  # with heads and axes
HEAD, AXIS, BETWEEN = 58, 26, 28  # heights of a lane's head and axis, and the room between lanes
MOST_IN_A_ROW = 4
TICKS = 4  # of an axis, at most
STEPS = (1, 2, 2.5, 5, 10)
NICE = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # ends of an axis, as axis.js has them


@dataclass(frozen=True)
class Word:
    """A piece of the sentence; the factor is in bold."""

    text: str
    bold: bool


@dataclass(frozen=True)
class Line:
    """A line of the sentence."""

    y: float
    words: list[Word]


@dataclass(frozen=True)
class LaneCard:
    """A lane with its head, its bars, and the dashed line of the theory, None without one."""

    family: str
    letter: str
    name: Fitted
    number: str
    details: Fitted
    area: PlotArea
    bars: Bars
    ticks: list[Tick]
    theory_x: float | None

    @property
    def head_top(self) -> float:
        """The y at which its head begins."""
        return self.area.top - HEAD

    @property
    def last_label_x(self) -> float:
        """The x beyond which a label in the middle of its tick would leave the lane."""
        return self.area.right - 20

    @property
    def labels_y(self) -> float:
        """The baseline of its axis labels."""
        return self.area.bottom + 18


@dataclass(frozen=True)
class Card:
    """Everything that the template writes."""

    style: str
    title: str
    heading: Fitted
    size: int
    lines: list[Line]
    lanes: list[LaneCard]
    note: str
    machine: Fitted
    source: Fitted


def card_of(run: Run, scheme: Scheme = "", address: str = "") -> Card:
    """Return the card of a run in a colour scheme; `address` is where the run can be seen."""
    view = view_of(run)
    words = view.headline_parts if view.headline else list(view.state_lines.values())
    size, lines = _sentence(words)
    report = stored_report(run)
    number, rounds = _last_round(lanes_of(run))
    ratios = first_look(report) if report else [None] * len(rounds)
    half = WIDTH / 2 - EDGE
    return Card(
        style=style_sheet(scheme),
        title=valid("".join(words)),
        heading=fitted(_heading(view), 2 * half - 190, 20, 13),
        size=size,
        lines=lines,
        lanes=list(_lanes(view, ratios, rounds)),
        note=f"Round {number}. {NOTE}" if number else NOTE,
        machine=fitted(_machine(run), 1.3 * half, 16, 11),
        source=fitted(address or f"run {run.pk}, {run.created:%-d %B %Y}", 0.7 * half, 16, 11),
    )


NOTE = "Each line is one request: light while it waits, solid in the view."


def _heading(view: RunView) -> str:
    what = f"{view.name}: {view.title}" if view.name else view.title
    return f"{what} · {view.load}, {view.rounds}"


def _sentence(parts: Sequence[str]) -> tuple[int, list[Line]]:
    """Return the size of the sentence and its lines; every second part is its factor."""
    bold = {word for part in parts[1::2] for word in part.split()}
    text, width = "".join(parts), WIDTH - 2 * EDGE
    for size in SENTENCE_SIZES:
        lines = list(wrapped(text, width, size, bold=True))
        if len(lines) <= SENTENCE_LINES:
            break
    shown = lines[:SENTENCE_LINES]
    if len(lines) > SENTENCE_LINES:
        shown[-1] = fitted(" ".join(lines[SENTENCE_LINES - 1 :]), width, size, size, bold=True).text
    return size, [
        Line(SENTENCE_TOP + place * size * LINE_HEIGHT, _words(line, bold))
        for place, line in enumerate(shown)
    ]


def _words(line: str, bold: set[str]) -> list[Word]:
    return [Word(f"{word} ", word in bold) for word in line.split()]


def _last_round(lanes: Sequence[Lane]) -> tuple[int, list[Columns]]:
    """Return the last round that all lanes have, and their samples in it; 0 if there is none."""
    every = [with_cut_off(lane) for lane in lanes]
    shared = set.intersection(*(set(samples["round"].tolist()) for samples in every))
    number = max(shared, default=0)
    return number, [
        {name: column[samples["round"] == number] for name, column in samples.items()}
        for samples in every
    ]


def _lanes(
    view: RunView, ratios: Sequence[float | None], rounds: Sequence[Columns]
) -> Iterator[LaneCard]:
    data = view.data["lanes"]
    end_ms = _end_ms(rounds, data)
    for lane, of_run, ratio, samples, area in zip(
        view.lanes, data, ratios, rounds, _areas(len(rounds)), strict=True
    ):
        number = (lane.achieved if view.rate else lane.total_time) or "–"
        details = _details(lane, ratio, view.lanes[0].letter)
        room = area.inner_width - width_of(number, NUMBER_SIZE, bold=True) - 48
        theory_ms = MS_PER_S * (of_run["mark_s"] or 0)
        yield LaneCard(
            family=lane.family,
            letter=lane.letter,
            name=fitted(lane.name, room, 19, 11, bold=True),
            number=number,
            details=fitted(details, area.inner_width, 15, 12),
            area=area,
            bars=bars_of(samples, area, end_ms),
            ticks=list(_ticks(area, end_ms)),
            theory_x=area.x(theory_ms / end_ms) if theory_ms else None,
        )


def _details(lane: LaneView, ratio: float | None, baseline: str) -> str:
    """Return the numbers below a lane's name: how it compares with the baseline, p95, errors."""
    compared = compared_with(ratio, baseline) if lane.position and ratio else ""
    p95 = f"p95 {lane.p95}" if lane.p95 not in ("", UNKNOWN) else ""
    errors = "" if lane.errors in ("", "0") else lane.errors
    return " · ".join(filter(None, [compared, p95, errors])) or lane.concurrency


def _areas(lanes: int) -> list[PlotArea]:
    """Return where each lane's bars are: in one row, or in two for more than four lanes."""
    rows = 1 if lanes <= MOST_IN_A_ROW else 2
    columns = -(-lanes // rows)
    width = (WIDTH - 2 * EDGE - (columns - 1) * BETWEEN) / columns
    height = (LANES_BOTTOM - LANES_TOP) / rows
    return [
        PlotArea(
            WIDTH,
            HEIGHT,
            EDGE + (lane % columns) * (width + BETWEEN),
            LANES_TOP + (lane // columns) * height + HEAD,
            width,
            height - HEAD - AXIS,
        )
        for lane in range(lanes)
    ]


def _end_ms(rounds: Sequence[Columns], lanes: Sequence[LaneData]) -> float:
    """Return the end of the axis that all lanes share."""
    ends_ms = [
        float(samples["done"].max()) / NS_PER_MS for samples in rounds if samples["done"].size
    ]
    theories_ms = [1.05 * MS_PER_S * (lane["mark_s"] or 0) for lane in lanes]
    longest_ms = max([*ends_ms, *theories_ms, 1.0])
    power = 10.0 ** np.floor(np.log10(longest_ms))
    return float(next(nice * power for nice in NICE if nice * power >= longest_ms * (1 - 1e-9)))


def _ticks(area: PlotArea, end_ms: float) -> Iterator[Tick]:
    power = 10.0 ** np.floor(np.log10(end_ms / TICKS))
    step_ms = float(next(step * power for step in STEPS if step * power * TICKS >= end_ms - 1e-9))
    for number in range(int(end_ms / step_ms + 1e-9) + 1):
        yield Tick(area.x(number * step_ms / end_ms), _tick_name(number * step_ms, end_ms))


def _tick_name(tick_ms: float, end_ms: float) -> str:
    """Return a tick's label, in one unit for the axis."""
    if not tick_ms:
        return "0"
    return f"{tick_ms / MS_PER_S:g} s" if end_ms >= MS_PER_S else f"{tick_ms:g} ms"


def _machine(run: Run) -> str:
    """Return what it was measured on, as far as that is known."""
    environment = run.environment
    cpus = environment.get("cpus")
    parts = [
        (environment.get("cpu") or "").replace("(R)", "").replace("(TM)", ""),
        counted(cpus, "CPU") if cpus else "",
        (environment.get("system") or "").partition(" ")[0],
        f"Python {environment['python']}" if "python" in environment else "",
        f"Django {environment['django']}" if "django" in environment else "",
    ]
    return ", ".join(filter(None, parts))
