"""The result of a run in the terminal: a table with a row for each lane, and notes below it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Literal, TypeAlias

from rich.table import Table

from dashboard.analysis.samples.bystander import bystander_wait_ms
from dashboard.analysis.samples.cut_off import cut_off_text
from dashboard.analysis.text.lane_texts import UNKNOWN, connections_text, total_time
from dashboard.analysis.text.numbers import milliseconds
from dashboard.runs.reports.wording import (
    because,
    headline,
    instrument_text,
    keeps_up,
    load_text,
    per_second,
    warnings,
)
from dashboard.wire.plan.plan import Rate, load_from_json
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

from .tables import KEEP, LISTS, NAMES, Column, fit_table

Cell: TypeAlias = Callable[[LaneReport], str]
Columns: TypeAlias = Mapping[str, Cell]  # by heading, the text of a lane's cell
Peak: TypeAlias = Literal["peak_in_app", "peak_threads", "peak_rss_mb"]
CONNECTIONS = "connections"  # a column that is there if a lane used a database


def result_table(report: Report, width: int) -> tuple[Table, list[str]]:
    """Return the report as a table, one row per lane, and the columns there was no room for."""
    load = load_from_json(report["load"])
    columns = RATE_COLUMNS if isinstance(load, Rate) else BURST_COLUMNS
    lanes = report["lanes"]
    return fit_table(
        f"{report['scenario']}: {load_text(load)}",
        [
            Column("lane", [lane["lane"] for lane in lanes], right=False, breaks=NAMES),
            *(
                Column(
                    name, [cell(lane) for lane in lanes], rank=RANKS.get(name, KEEP), breaks=LISTS
                )
                for name, cell in columns.items()
                if name != CONNECTIONS or any(connections_text(lane["target"]) for lane in lanes)
            ),
        ],
        width,
    )


def result_notes(report: Report, printed: Collection[str] = ()) -> Iterator[str]:
    """Yield what belongs below the table: the verdict, warnings, the load generator's limits.

    `printed` are the warnings that are on the same screen already.
    """
    yield from filter(None, (headline(report), because(report)))
    for warning in warnings(report):
        if warning not in printed:
            yield f"Warning: {warning}"
    if limits := instrument_text(report["instrument"]):
        yield limits


def _achieved(lane: LaneReport) -> str:
    rate = lane.get("rate")
    return per_second(rate["achieved_rps"] if rate else None)


def _percentile(group: Literal["latency_ms", "service_ms"], name: Literal["p50", "p95"]) -> Cell:
    """Return the cells of a percentile: unknown where a backlog grew all the time."""

    def cell(lane: LaneReport) -> str:
        return _duration(lane[group][name] if keeps_up(lane) else None)

    return cell


def _duration(value_ms: float | None) -> str:
    return UNKNOWN if value_ms is None else milliseconds(value_ms)


def _bystander(lane: LaneReport) -> str:
    return _duration(bystander_wait_ms(lane))


def _cpu(lane: LaneReport) -> str:
    return _duration(lane["server_side"]["cpu_ms_per_request"])


def _connections(lane: LaneReport) -> str:
    return connections_text(lane["target"]) or UNKNOWN


def _errors(lane: LaneReport) -> str:
    failed = ", ".join(f"{count} {name}" for name, count in lane["errors"].items()) or "0"
    return "; ".join(filter(None, [failed, cut_off_text(lane)]))


def _server_side(name: Peak, form: str) -> Cell:
    """Return the cells of a peak that the server reached."""

    def cell(lane: LaneReport) -> str:
        value = lane["server_side"][name]
        return UNKNOWN if value is None else form.format(value)

    return cell


_COSTS: Columns = {
    "errors": _errors,
    "bystander": _bystander,
    "in app": _server_side("peak_in_app", "{}"),
    "threads": _server_side("peak_threads", "{}"),
    CONNECTIONS: _connections,
    "RSS": _server_side("peak_rss_mb", "{:.0f} MiB"),
    "CPU per request": _cpu,
}
_TIMES: Columns = {
    "p50": _percentile("latency_ms", "p50"),
    "p95": _percentile("latency_ms", "p95"),
}
BURST_COLUMNS: Columns = {"median total time": total_time, **_TIMES, **_COSTS}
# The highest is left out first in a narrow terminal; columns without a rank stay.
RANKS: Mapping[str, int] = {
    "errors": 1,
    "p95": 2,
    "p50": 3,
    "service p95": 4,
    "CPU per request": 5,
    "bystander": 6,
    "RSS": 7,
    "threads": 8,
    "in app": 9,
    CONNECTIONS: 10,
}
RATE_COLUMNS: Columns = {
    "achieved": _achieved,
    **_TIMES,
    "service p95": _percentile("service_ms", "p95"),
    **_COSTS,
}
