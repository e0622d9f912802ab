"""The terminal as a listener: progress on stderr while a run goes on, a table at its end."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table

from dashboard.runs.sinks import Event, Outcome
from dashboard.wire import frame
from dashboard.wire.plan import Plan


class Terminal:
    """Draws a bar for each lane; says the rest in lines."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lanes: list[str] = []
        self._bars: list[TaskID] = []
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
        )

    async def begin(self, plan: Plan) -> None:
        """A bar for each lane."""
        self._lanes = [str(lane) for lane in plan.lanes]
        total = plan.load.requests * plan.rounds
        self._bars = [self._progress.add_task(lane, total=total, state="") for lane in self._lanes]
        self._progress.start()

    async def event(self, event: Event) -> None:
        """What happens to which lane, beside its bar; warnings stay on the screen."""
        match event:
            case {"event": "target", "lane": lane, "state": state}:
                self._say(lane, state)
            case {"event": "began", "lane": lane, "round": number}:
                self._say(lane, f"round {number}" if number else "warm-up")
            case {"event": "fired", "lane": lane}:
                self._say(lane, "")
            case {"event": "warning", "message": message}:
                self._progress.console.print(f"Warning: {message}", highlight=False)

    async def frame(self, sequence: int, data: bytes) -> None:
        """Bars count the samples of the counted rounds."""
        found = frame.decode(data)
        if found.kind == "samples" and found.round:
            self._progress.advance(self._bars[found.lane], found.rows)

    async def end(self, outcome: Outcome) -> None:
        """Leave the screen to what comes after."""
        self._progress.stop()

    def _say(self, lane: int, state: str) -> None:
        self._progress.update(self._bars[lane], state=state)


def result_table(report: Mapping[str, Any]) -> Table:
    """The report as a person reads it in a terminal: a row a lane."""
    table = Table(title=f"{report['scenario']}: {report['load']['requests']:,} requests at once")
    table.add_column("lane", no_wrap=True)
    for name in ("makespan", "p50", "p95", "errors", "in app", "threads", "RSS", "CPU a request"):
        table.add_column(name, justify="right", no_wrap=True)
    for lane in report["lanes"]:
        side, latency = lane["server_side"], lane["latency_ms"]
        table.add_row(
            lane["lane"],
            _text(median(lane["makespan_s"]) if lane["makespan_s"] else None, "{:.3f} s"),
            _text(latency["p50"], "{:.1f} ms"),
            _text(latency["p95"], "{:.1f} ms"),
            ", ".join(f"{count} {name}" for name, count in lane["errors"].items()) or "0",
            _text(side["peak_in_app"], "{}"),
            _text(side["peak_threads"], "{}"),
            _text(side["peak_rss_mb"], "{:.0f} MB"),
            _text(side["cpu_ms_per_request"], "{:.2f} ms"),
        )
    return table


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
