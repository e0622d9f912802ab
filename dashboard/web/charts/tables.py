"""Every chart of a run as a table, 25 rows per page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from dashboard.analysis.inference.deciles import DECILES, Shift, shifts
from dashboard.analysis.samples import over_time
from dashboard.analysis.samples.cut_off import with_cut_off
from dashboard.analysis.samples.lane_samples import Columns, Floats, Lane
from dashboard.analysis.samples.percentiles import percentiles_ms, response_ms
from dashboard.analysis.samples.stats import SEGMENTS
from dashboard.analysis.samples.window import Stretch, of_round, within
from dashboard.models import Run
from dashboard.runs.reports.results import lanes_of
from dashboard.web.shared.format import format_ms, format_number
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import BYTES_PER_MIB, NS_PER_MS

PAGE = 25
MAX_TIME_STEPS = 20  # in the table of the heat map
SEGMENT_HEADS = {
    "client_delay": "Before sending",
    "server": "Waiting in the server",
    "framework": "Framework",
    "view": "View",
    "delivery": "Response on its way",
}
FEWER_STEPS = 3  # steps merged for a rate or a median, as in the chart: each alone is noise


@dataclass(frozen=True)
class Selection:
    """A round and a stretch of it; None is the whole round."""

    round: int
    stretch: Stretch | None


@dataclass(frozen=True)
class Content:
    """A table whose cells are made when they are shown. The first cell of a row is its heading."""

    caption: str
    heads: Sequence[str]
    rows: int
    cells: Callable[[int], Sequence[str]]


@dataclass(frozen=True)
class Page:
    """A page of a table; pages count from 1."""

    caption: str
    heads: Sequence[str]
    rows: list[Sequence[str]]
    number: int
    pages: int
    nothing: str  # instead of rows


Names = Sequence[str]
MakeTable = Callable[[Names, Sequence[Lane], Selection], Content]


def page_of(content: Content, number: int, selection: Selection) -> Page:
    """Return a page by its number, or the last page if there are fewer."""
    pages = max(1, -(-content.rows // PAGE))
    number = min(max(number, 1), pages)
    first = (number - 1) * PAGE
    rows = [content.cells(row) for row in range(first, min(first + PAGE, content.rows))]
    place = "the selection" if selection.stretch else f"round {selection.round}"
    nothing = f"no request finished in {place}"
    return Page(content.caption, content.heads, rows, number, pages, nothing)


def table_of(run: Run, chart: str, selection: Selection) -> Content | None:
    """Return the chart's table from the frames stored so far, or None for an unknown chart."""
    names = [lane.name for lane in run.lanes.all()]
    make_table = _tables(names).get(chart)
    if make_table is None:
        return None
    all_rounds = chart in OF_ALL_ROUNDS
    lanes = lanes_of(run, discarded=not all_rounds)
    if not all_rounds:
        lanes = [of_round(lane, selection.round) for lane in lanes]
    return make_table(names, lanes, selection)


def _tables(names: Names) -> Mapping[str, MakeTable]:
    """Return the tables by chart name; each lane's waterfall has its own."""
    return {
        **{chart: partial(_over_time, chart) for chart in TIME_SERIES},
        "heat": _heat,
        **OF_ALL_ROUNDS,
        **{f"lane-{position}": partial(_requests, position) for position in range(len(names))},
    }


@dataclass(frozen=True)
class _TimeSeries:
    """A quantity over time: its name, how to compute it and how to format it."""

    name: str
    values: Callable[[Lane, Floats], Floats]
    format: Callable[[float], str]
    max_instants: int = over_time.MOST_INSTANTS


def _load(measure: str, unit: float = 1.0) -> Callable[[Lane, Floats], Floats]:
    return lambda lane, at_ms: over_time.load(lane, measure, at_ms) / unit


_whole_number = partial(format_number, form="{:,.0f}")
_rate_steps = over_time.MOST_INSTANTS // FEWER_STEPS
TIME_SERIES: Mapping[str, _TimeSeries] = {
    "done": _TimeSeries("requests done", over_time.done_by, _whole_number),
    "inFlight": _TimeSeries("in flight", over_time.in_flight, _whole_number),
    "throughput": _TimeSeries(
        "done", over_time.done_per_s, partial(format_number, form="{:,.0f}/s"), _rate_steps
    ),
    "latency": _TimeSeries("median response time", over_time.median_ms, format_ms, _rate_steps),
    "threads": _TimeSeries("threads", _load("threads"), _whole_number),
    "inApp": _TimeSeries("in the application", _load("in_app"), _whole_number),
    "inView": _TimeSeries("in the view", _load("in_view"), _whole_number),
    "loopLag": _TimeSeries("loop lag", _load("loop_lag"), format_ms),
    "cpu": _TimeSeries("CPU", _load("cpu"), partial(format_number, form="{:.0f} %")),
    "rss": _TimeSeries(
        "RSS", _load("rss", BYTES_PER_MIB), partial(format_number, form="{:,.0f} MiB")
    ),
}


def _over_time(chart: str, names: Names, lanes: Sequence[Lane], selection: Selection) -> Content:
    series = TIME_SERIES[chart]
    stretch = selection.stretch or Stretch(0, _end_ms(lanes))
    at_ms = over_time.instants_ms(stretch.from_ms, stretch.to_ms, series.max_instants)
    columns = [series.values(lane, at_ms) for lane in lanes]
    return Content(
        caption=f"{series.name} over time, round {selection.round}",
        heads=["Time", *names],
        rows=len(at_ms),
        cells=lambda row: [
            format_ms(at_ms[row]),
            *(series.format(float(values[row])) for values in columns),
        ],
    )


def _end_ms(lanes: Sequence[Lane]) -> float:
    """Return the finish time of the last request of any lane."""
    ends = [float(lane.samples["done"].max()) for lane in lanes if lane.samples["done"].size]
    return max(ends, default=0.0) / NS_PER_MS


def _heat(names: Names, lanes: Sequence[Lane], selection: Selection) -> Content:
    """List the filled cells: steps of time by response times up to 1, 2 and 5 × 10^n."""
    stretch = selection.stretch or Stretch(0, _end_ms(lanes))
    step = over_time.step_ms(stretch.to_ms - stretch.from_ms, MAX_TIME_STEPS)
    rows = []
    for name, lane in zip(names, lanes, strict=True):
        if selection.stretch:
            lane = within(lane, stretch)  # noqa: PLW2901 - only what is shown
        done_ms = lane.samples["done"][lane.ok] / NS_PER_MS
        response_time_ms = done_ms - lane.samples["due"][lane.ok] / NS_PER_MS
        cells = np.stack([done_ms // step * step, _up_to(response_time_ms)])
        filled, counts = np.unique(cells, axis=1, return_counts=True)
        rows += [
            (name, format_ms(at_ms), format_ms(up_to_ms), f"{count:,}")
            for at_ms, up_to_ms, count in zip(*filled, counts, strict=True)
        ]
    return Content(
        caption=f"requests by finish time and response time, round {selection.round}",
        heads=["Lane", "Time from", "Response time up to", "Requests"],
        rows=len(rows),
        cells=lambda row: rows[row],
    )


def _up_to(response_time_ms: Floats) -> Floats:
    """Return the smallest of 1, 2 and 5 times a power of ten that is not below each value."""
    powers = 10.0 ** np.floor(np.log10(np.maximum(response_time_ms, 1e-6)))
    factors = np.array(over_time.STEPS)
    at = np.searchsorted(factors, np.round(response_time_ms / powers, 9))
    bounds: Floats = factors[at] * powers
    return bounds


def _ecdf(names: Names, lanes: Sequence[Lane], selection: Selection) -> Content:
    chosen = [within(lane, selection.stretch) if selection.stretch else lane for lane in lanes]
    columns = [percentiles_ms(response_ms(lane), range(1, 101)) for lane in chosen]
    return Content(
        caption="response times by percentile, all counted rounds",
        heads=["Percentile", *names],
        rows=100,
        cells=lambda row: [f"p{row + 1}", *(format_ms(values[row]) for values in columns)],
    )


def _shift(names: Names, lanes: Sequence[Lane], selection: Selection) -> Content:
    chosen = [within(lane, selection.stretch) if selection.stretch else lane for lane in lanes]
    columns = [shifts(chosen[0], lane) for lane in chosen[1:]]
    interval = any(shift.interval for column in columns for shift in column)
    bounds = "95 % interval" if interval else "range over the rounds"
    return Content(
        caption=f"difference to {names[0]} at each decile, with {bounds}",
        heads=["Decile", *names[1:]],
        rows=len(DECILES),
        cells=lambda row: [
            f"{DECILES[row]} %",
            *(shift_text(column[row]) if column else "–" for column in columns),
        ],
    )


def shift_text(shift: Shift) -> str:
    """Return a shift with its bounds: *-412 ms (-430 ms to -399 ms)*."""
    middle, low, high = map(format_ms, (shift.middle_ms, shift.low_ms, shift.high_ms))
    return f"{middle} ({low} to {high})"


# Of all counted rounds, not of the selected one.
OF_ALL_ROUNDS: Mapping[str, MakeTable] = {"ecdf": _ecdf, "shift": _shift}


def _requests(position: int, names: Names, lanes: Sequence[Lane], selection: Selection) -> Content:
    """List every finished request of a lane's round, ordered by number."""
    lane = within(lanes[position], selection.stretch) if selection.stretch else lanes[position]
    samples = with_cut_off(lane)
    order = np.argsort(samples["request"], kind="stable")
    return Content(
        caption=f"{names[position]}, round {selection.round}: requests by number",
        heads=[
            "Request",
            "Due",
            "Response time",
            *SEGMENT_HEADS.values(),
            "Status",
        ],
        rows=int(order.size),
        cells=lambda row: _request_cells(samples, int(order[row])),
    )


def _request_cells(samples: Columns, at: int) -> list[str]:
    sample = {name: int(column[at]) for name, column in samples.items()}
    lengths_ms = [
        None
        if UNKNOWN in (sample[begin], sample[end])
        else max(sample[end] - sample[begin], 0) / NS_PER_MS
        for begin, end in (SEGMENTS[name] for name in SEGMENT_HEADS)
    ]
    return [
        f"{sample['request']}",
        format_ms(sample["due"] / NS_PER_MS),
        format_ms((sample["done"] - sample["due"]) / NS_PER_MS),
        *map(format_ms, lengths_ms),
        _outcome(sample["error"], sample["status"]),
    ]


def _outcome(error: int, status: int) -> str:
    if error == Failure.ABORTED:
        return "cut off by Stop"
    return f"{status}" if error == Failure.NONE else f"✕ {failure_name(error, status)}"
