"""The terminal as a listener: progress on stderr while a run goes on, a table at its end."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from statistics import median
from typing import Any, TypeAlias

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from dashboard.analysis.samples.cut_off import cut_off_words
from dashboard.analysis.samples.stats import bystander_wait_ms
from dashboard.runs.reports.wording import (
    WHY_REPEATED,
    instrument_words,
    keeps_up,
    load_words,
    per_second,
    sentence,
    warnings,
)
from dashboard.runs.sinks.sink import Outcome
from dashboard.wire.events import RunEvent
from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame
from dashboard.wire.plan import Plan, Rate, load_from_json

from .tables import KEEP, LISTS, NAMES, Column, fitted

Lane: TypeAlias = Mapping[str, Any]  # a lane's part of the report
Columns: TypeAlias = Mapping[str, Callable[[Lane], str]]  # what heads a column, and its cells


class ProgressBars:
    """Draws a bar for each lane; says the rest in lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lanes: list[str] = []
        self._requests = 0  # of a lane in a round
        self._total = 0  # of a lane in all rounds
        self._bars: list[TaskID] = []
        self.warned: set[str] = set()

    async def begin(self, plan: Plan) -> None:
        """A bar for each lane."""
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=self._console,
            transient=True,
        )
        self._lanes = [str(lane) for lane in plan.lanes]
        self._requests = plan.load.requests
        self._total = self._requests * plan.rounds
        self._bars = [
            self._progress.add_task(lane, total=self._total, state="") for lane in self._lanes
        ]
        self._progress.start()

    async def event(self, event: RunEvent) -> None:
        """What happens to which lane, beside its bar; warnings stay on the screen."""
        match event["event"]:
            case "target":
                self._say(event["lane"], event["state"])
            case "began":
                number = event["round"]
                self._say(event["lane"], f"round {number}" if number else "warm-up")
            case "fired":
                self._say(event["lane"], "")
            case "discarded":
                self._discard(event["round"], event["reason"])
            case "warning" if event["message"] not in self.warned:
                self.warned.add(event["message"])
                self._console.print(f"Warning: {event['message']}", highlight=False, markup=False)

    async def frame(self, sequence: int, frame: Frame) -> None:
        """Bars count the samples of all rounds but warming up, those that are repeated too."""
        if frame.kind == "samples" and frame.round:
            cut_off = sum(1 for error in frame.columns["error"] if error == Failure.ABORTED)
            self._progress.advance(self._bars[frame.lane], frame.rows - cut_off)

    async def end(self, outcome: Outcome) -> None:
        """Leave the screen to what comes after."""
        self._progress.stop()

    def _discard(self, number: int, reason: str) -> None:
        """The round is fired again, so there is more to fire; what was fired stays counted."""
        self._total += self._requests
        for bar in self._bars:
            self._progress.update(bar, total=self._total)
        said = f"Round {number} is repeated: {WHY_REPEATED[reason]}."
        self._console.print(said, highlight=False)

    def _say(self, lane: int, state: str) -> None:
        self._progress.update(self._bars[lane], state=state)


def result_table(report: Mapping[str, Any], width: int) -> tuple[Table, list[str]]:
    """Return the report as a table, a row a lane, and the columns that found no room in it."""
    load = load_from_json(report["load"])
    columns = RATE_COLUMNS if isinstance(load, Rate) else BURST_COLUMNS
    lanes = report["lanes"]
    return fitted(
        f"{report['scenario']}: {load_words(load)}",
        [
            Column("lane", [lane["lane"] for lane in lanes], right=False, breaks=NAMES),
            *(
                Column(
                    name, [cell(lane) for lane in lanes], rank=RANKS.get(name, KEEP), breaks=LISTS
                )
                for name, cell in columns.items()
            ),
        ],
        width,
    )


def result_notes(report: Mapping[str, Any], said_before: Collection[str] = ()) -> Iterator[str]:
    """Yield what must be known beside the table: the verdict, warnings, the instrument.

    `said_before` are warnings that stand on the same screen already.
    """
    if said := sentence(report):
        yield said
    for warning in warnings(report):
        if warning not in said_before:
            yield f"Warning: {warning}"
    if said := instrument_words(report["instrument"]):
        yield said


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)


def _makespan(lane: Lane) -> str:
    return _text(median(lane["makespan_s"]) if lane["makespan_s"] else None, "{:.3f} s")


def _achieved(lane: Lane) -> str:
    return per_second(lane["rate"]["achieved_rps"] if lane.get("rate") else None)


def _percentile(group: str, name: str) -> Callable[[Lane], str]:
    """A cell that is empty where the percentile would not be the server's own."""

    def cell(lane: Lane) -> str:
        return _text(lane[group][name] if keeps_up(lane) else None, "{:.1f} ms")

    return cell


def _neighbour(lane: Lane) -> str:
    return _text(bystander_wait_ms(lane), "{:.1f} ms")


def _errors(lane: Lane) -> str:
    failed = ", ".join(f"{count} {name}" for name, count in lane["errors"].items()) or "0"
    return "; ".join(filter(None, [failed, cut_off_words(lane)]))


def _side(name: str, form: str) -> Callable[[Lane], str]:
    return lambda lane: _text(lane["server_side"][name], form)


_PRICE: Columns = {
    "errors": _errors,
    "neighbour": _neighbour,
    "in app": _side("peak_in_app", "{}"),
    "threads": _side("peak_threads", "{}"),
    "RSS": _side("peak_rss_mb", "{:.0f} MB"),
    "CPU a request": _side("cpu_ms_per_request", "{:.2f} ms"),
}
_TIMES: Columns = {
    "p50": _percentile("latency_ms", "p50"),
    "p95": _percentile("latency_ms", "p95"),
}
BURST_COLUMNS: Columns = {"median makespan": _makespan, **_TIMES, **_PRICE}
# What is left out first where a terminal is narrow: the highest. Others stay.
RANKS: Mapping[str, int] = {
    "errors": 1,
    "p95": 2,
    "p50": 3,
    "service p95": 4,
    "CPU a request": 5,
    "neighbour": 6,
    "RSS": 7,
    "threads": 8,
    "in app": 9,
}
RATE_COLUMNS: Columns = {
    "achieved": _achieved,
    **_TIMES,
    "service p95": _percentile("service_ms", "p95"),
    **_PRICE,
}
