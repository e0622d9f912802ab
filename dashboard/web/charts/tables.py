"""Every chart of a run as a table, for whoever reads rather than looks: 25 rows a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dashboard.analysis.inference.deciles import DECILES, Shift, percentiles_ms, response_ms, shifts
from dashboard.analysis.inference.intervals import Floats
from dashboard.analysis.samples import over_time
from dashboard.analysis.samples.cut_off import with_cut_off
from dashboard.analysis.samples.lane_samples import Columns, Lane
from dashboard.analysis.samples.stats import SEGMENTS
from dashboard.analysis.samples.window import Stretch, of_round, within
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.web.shared.format import milliseconds, plain
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import BYTES_PER_MIB, NS_PER_MS

PAGE = 25
MOST_COLUMNS = 20  # stretches of time in the table of the heat map
FEWER_STEPS = 3  # of a rate or a median, as in the chart: or they are noise


@dataclass(frozen=True)
class Asked:
    """Of which round, and of which stretch of it: None is all of it."""

    round: int
    stretch: Stretch | None


@dataclass(frozen=True)
class Content:
    """A table whose cells are made when they are shown; the first of a row heads it."""

    caption: str
    heads: Sequence[str]
    rows: int
    cells: Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Page:
    """What is shown of a table at a time; pages count from 1."""

    caption: str
    heads: Sequence[str]
    rows: list[Sequence[str]]
    number: int
    pages: int


Names = Sequence[str]
Makes = Callable[[Names, Sequence[Lane], Asked], Content]


def page_of(content: Content, number: int) -> Page:
    """One page of it, or the last where there are not so many."""
    pages = max(1, -(-content.rows // PAGE))
    number = min(max(number, 1), pages)
    first = (number - 1) * PAGE
    rows = [content.cells(row) for row in range(first, min(first + PAGE, content.rows))]
    return Page(content.caption, content.heads, rows, number, pages)


def table_of(run: Run, chart: str, asked: Asked) -> Content | None:
    """The chart's table from what is stored so far; None where there is no such chart."""
    names = [lane.name for lane in run.lanes.all()]
    makes = _tables(names).get(chart)
    if makes is None:
        return None
    over_rounds = chart in OVER_ROUNDS
    lanes = lanes_of(run, discarded=not over_rounds)
    if not over_rounds:
        lanes = [of_round(lane, asked.round) for lane in lanes]
    return makes(names, lanes, asked)


def _tables(names: Names) -> Mapping[str, Makes]:
    """By the chart's name; each lane's waterfall has one of its own."""
    return {
        **{chart: partial(_over_time, chart) for chart in COURSES},
        "heat": _heat,
        **OVER_ROUNDS,
        **{f"lane-{position}": partial(_requests, position) for position in range(len(names))},
    }


@dataclass(frozen=True)
class _Course:
    """One quantity over time: how it is called, computed and written."""

    word: str
    values: Callable[[Lane, Floats], Floats]
    say: Callable[[float], str]
    most: int = over_time.MOST_INSTANTS


def _load(measure: str, unit: float = 1.0) -> Callable[[Lane, Floats], Floats]:
    return lambda lane, at_ms: over_time.load(lane, measure, at_ms) / unit


_whole = partial(plain, form="{:,.0f}")
_rate_steps = over_time.MOST_INSTANTS // FEWER_STEPS
COURSES: Mapping[str, _Course] = {
    "inFlight": _Course("in flight", over_time.in_flight, _whole),
    "throughput": _Course(
        "done", over_time.done_per_s, partial(plain, form="{:,.0f}/s"), _rate_steps
    ),
    "latency": _Course("median response time", over_time.median_ms, milliseconds, _rate_steps),
    "threads": _Course("threads", _load("threads"), _whole),
    "inApp": _Course("in the application", _load("in_app"), _whole),
    "inView": _Course("in the view", _load("in_view"), _whole),
    "loopLag": _Course("loop lag", _load("loop_lag"), milliseconds),
    "cpu": _Course("CPU", _load("cpu"), partial(plain, form="{:.0f} %")),
    "rss": _Course("RSS", _load("rss", BYTES_PER_MIB), partial(plain, form="{:,.0f} MB")),
}


def _over_time(chart: str, names: Names, lanes: Sequence[Lane], asked: Asked) -> Content:
    course = COURSES[chart]
    stretch = asked.stretch or Stretch(0, _end_ms(lanes))
    at_ms = over_time.instants_ms(stretch.from_ms, stretch.to_ms, course.most)
    columns = [course.values(lane, at_ms) for lane in lanes]
    return Content(
        caption=f"{course.word} over time, round {asked.round}",
        heads=["Time", *names],
        rows=len(at_ms),
        cells=lambda row: [
            milliseconds(at_ms[row]),
            *(course.say(float(values[row])) for values in columns),
        ],
    )


def _end_ms(lanes: Sequence[Lane]) -> float:
    """When the last request of any lane was done."""
    ends = [float(lane.samples["done"].max()) for lane in lanes if lane.samples["done"].size]
    return max(ends, default=0.0) / NS_PER_MS


def _heat(names: Names, lanes: Sequence[Lane], asked: Asked) -> Content:
    """Cells that hold a request: steps of time, and latencies up to 1, 2 and 5."""
    stretch = asked.stretch or Stretch(0, _end_ms(lanes))
    step = over_time.step_ms(stretch.to_ms - stretch.from_ms, MOST_COLUMNS)
    rows = []
    for name, lane in zip(names, lanes, strict=True):
        if asked.stretch:
            lane = within(lane, stretch)  # noqa: PLW2901 - only what is shown
        done_ms = lane.samples["done"][lane.ok] / NS_PER_MS
        took_ms = done_ms - lane.samples["due"][lane.ok] / NS_PER_MS
        cells = np.stack([done_ms // step * step, _up_to(took_ms)])
        found, counts = np.unique(cells, axis=1, return_counts=True)
        rows += [
            (name, milliseconds(at_ms), milliseconds(up_to_ms), f"{count:,}")
            for at_ms, up_to_ms, count in zip(*found, counts, strict=True)
        ]
    return Content(
        caption=f"requests done by time and latency, round {asked.round}",
        heads=["Lane", "Time from", "Latency up to", "Requests"],
        rows=len(rows),
        cells=lambda row: rows[row],
    )


def _up_to(took_ms: Floats) -> Floats:
    """The first of 1, 2 and 5 times a power of ten that is not below."""
    powers = 10.0 ** np.floor(np.log10(np.maximum(took_ms, 1e-6)))
    factors = np.array(over_time.STEPS)
    at = np.searchsorted(factors, np.round(took_ms / powers, 9))
    found: Floats = factors[at] * powers
    return found


def _ecdf(names: Names, lanes: Sequence[Lane], asked: Asked) -> Content:
    chosen = [within(lane, asked.stretch) if asked.stretch else lane for lane in lanes]
    columns = [percentiles_ms(response_ms(lane), range(1, 101)) for lane in chosen]
    return Content(
        caption="response times by percentile, of all rounds that count",
        heads=["Percentile", *names],
        rows=100,
        cells=lambda row: [f"p{row + 1}", *(milliseconds(values[row]) for values in columns)],
    )


def _shift(names: Names, lanes: Sequence[Lane], asked: Asked) -> Content:
    chosen = [within(lane, asked.stretch) if asked.stretch else lane for lane in lanes]
    columns = [shifts(chosen[0], lane) for lane in chosen[1:]]
    interval = any(one.interval for column in columns for one in column)
    ends = "an interval of 95 %" if interval else "the least to the most of the rounds"
    return Content(
        caption=f"difference to {names[0]} at each decile, and {ends}",
        heads=["Decile", *names[1:]],
        rows=len(DECILES),
        cells=lambda row: [
            f"{DECILES[row]} %",
            *(shift_words(column[row]) if column else "–" for column in columns),
        ],
    )


def shift_words(shift: Shift) -> str:
    """*-412 ms (-430 ms to -399 ms)*."""
    middle, low, high = map(milliseconds, (shift.middle_ms, shift.low_ms, shift.high_ms))
    return f"{middle} ({low} to {high})"


# These are of all rounds, and not of the one in front.
OVER_ROUNDS: Mapping[str, Makes] = {"ecdf": _ecdf, "shift": _shift}


def _requests(position: int, names: Names, lanes: Sequence[Lane], asked: Asked) -> Content:
    """Every request of a lane's round that is over, in the order of their numbers."""
    lane = within(lanes[position], asked.stretch) if asked.stretch else lanes[position]
    samples = with_cut_off(lane)
    order = np.argsort(samples["request"], kind="stable")
    return Content(
        caption=f"{names[position]}, round {asked.round}: requests by number",
        heads=[
            "Request",
            "Due",
            "Response time",
            *(name.replace("_", " ") for name in SEGMENTS),
            "Status",
        ],
        rows=int(order.size),
        cells=lambda row: _request_cells(samples, int(order[row])),
    )


def _request_cells(samples: Columns, at: int) -> list[str]:
    one = {name: int(column[at]) for name, column in samples.items()}
    lengths_ms = [
        None if UNKNOWN in (one[begin], one[end]) else max(one[end] - one[begin], 0) / NS_PER_MS
        for begin, end in SEGMENTS.values()
    ]
    return [
        f"{one['request']}",
        milliseconds(one["due"] / NS_PER_MS),
        milliseconds((one["done"] - one["due"]) / NS_PER_MS),
        *map(milliseconds, lengths_ms),
        _outcome(one["error"], one["status"]),
    ]


def _outcome(error: int, status: int) -> str:
    if error == Failure.ABORTED:
        return "cut off by Stop"
    return f"{status}" if error == Failure.NONE else f"✕ {failure_name(error, status)}"
