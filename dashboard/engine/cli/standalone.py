"""The load generator alone: one firing at one URL from the command line, and its result."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import uvloop

from dashboard.engine.loads.bystander import LAST_RESPONSES_S, Bystander
from dashboard.engine.loads.factory import make_driver
from dashboard.engine.loads.websocket import WebSocketDriver
from dashboard.engine.runtime.collector import collector_off
from dashboard.wire import frame
from dashboard.wire.events import Conversation
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.plural import counted

from .summary import (
    BystanderSummary,
    ChunksSummary,
    EngineResult,
    Milliseconds,
    summarise,
    summarise_bystander,
    summarise_chunks,
    summarise_rate,
)
from .usage import read_options

INTERRUPTED = 130


def fire_alone(arguments: Sequence[str]) -> int:
    """Fire once, print the result, and return the exit status."""
    options = read_options(arguments)
    with collector_off():
        result, stopped = uvloop.run(_fire(options.firing))
    text = _text(result) if options.json is None else json.dumps(result)
    if options.json in {None, "-"}:
        print(text)
    else:
        Path(options.json).write_text(text + "\n")
    return INTERRUPTED if stopped else 0


async def _fire(firing: Firing) -> tuple[EngineResult, bool]:
    bystander = Bystander(firing)
    driver = make_driver(firing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, driver.stop)
    bystander.start(driver.origin_ns)
    await driver.fire()
    await bystander.end(timeout_s=0 if driver.stopped else LAST_RESPONSES_S)
    await driver.close()
    rows = driver.recorder.rows
    columns = driver.recorder.columns(0, rows)
    result = cast(EngineResult, dict(summarise(columns, rows)))
    if isinstance(firing.load, Rate):
        errors_ns = driver.scheduling_errors_ns() or ()
        rate = summarise_rate(columns, firing.load, errors_ns)
        result = cast(EngineResult, dict(result) | dict(rate))
    if firing.request_mode.chunks:
        result["chunks"] = summarise_chunks(_rows_of("chunks", driver.next_frame))
    if isinstance(driver, WebSocketDriver):
        result["websocket"] = driver.websocket_summary()
    if firing.bystander_path is not None:
        result["neighbour"] = summarise_bystander(_rows_of("neighbour", bystander.next_frame))
    return result, driver.stopped


def _rows_of(kind: str, next_frame: Callable[[], bytes | None]) -> dict[str, list[int]]:
    """Return the columns of a kind, from all remaining frames."""
    rows: dict[str, list[int]] = {name: [] for name in frame.COLUMNS[kind]}
    while data := next_frame():
        decoded = frame.decode(data)
        if decoded.kind == kind:
            for name, column in decoded.columns.items():
                rows[name] += column
    return rows


def _text(result: EngineResult) -> str:
    errors = ", ".join(f"{count:,} {name}" for name, count in result["errors"].items())
    rate = result["throughput_rps"]
    latency = _values(result["latency_ms"]) or "no responses"
    makespan_s = result["makespan_s"]
    lines = [
        f"{result['ok']:,} of {result['requests']:,} ok"
        f"{'' if makespan_s is None else f' in {makespan_s:.3f} s'}"
        f"{f', {rate:,.0f}/s' if rate else ''}"
        f"{cut_off_text(result['cut_off'])}",
        f"response time, ms: {latency}",
        f"errors: {errors or 'none'}",
    ]
    if "offered_rps" in result:
        lines += _rate_lines(result)
    if "chunks" in result:
        lines += _chunks_lines(result["chunks"])
    if "websocket" in result:
        lines.append(_websocket_line(result["websocket"]))
    if "neighbour" in result:
        lines.append(_bystander_line(result["neighbour"]))
    return "\n".join(lines)


def cut_off_text(cut_off: int) -> str:
    """Return how many requests Ctrl-C aborted, as the end of a line; empty if none."""
    return f"; {cut_off:,} cut off by Ctrl-C" if cut_off else ""


def _rate_lines(result: EngineResult) -> list[str]:
    late = _values(result["scheduling_error_ms"], digits=3) or "no requests were sent"
    return [
        f"offered {result['offered_rps']:,.0f}/s, achieved {result['achieved_rps']:,.0f}/s,"
        f" {result['backlog']:,} in flight or unsent at the end of the schedule",
        f"scheduling error, ms: {late}",
    ]


def _chunks_lines(chunks: ChunksSummary) -> list[str]:
    if not chunks["answers"]:
        return []
    gaps = _values(chunks["longest_gap_ms"]) or "never two pieces"
    return [
        f"responses in {chunks['fewest']} to {chunks['most']} pieces;"
        f" longest wait between two pieces, ms: {gaps}"
    ]


def _websocket_line(summary: Conversation) -> str:
    last = f", last received {summary['last']!r}" if summary["last"] else ""
    unanswered = f"{counted(summary['without_answer'], 'request')} without an answer{last}"
    if summary["unopened"]:
        opening = f"{counted(summary['unopened'], 'opening')} without {summary['awaited']!r}"
        unanswered = f"{opening}, {unanswered}"
    return f"websocket: {counted(summary['ignored'], 'other message')} received, {unanswered}"


def _bystander_line(bystander: BystanderSummary) -> str:
    latency = _values(bystander["latency_ms"]) or "no responses"
    return f"bystander: {bystander['ok']:,} of {bystander['requests']:,} ok, ms: {latency}"


def _values(values: Milliseconds, digits: int = 2) -> str:
    pairs = ((name, value) for name, value in values.items() if value is not None)
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in pairs)
