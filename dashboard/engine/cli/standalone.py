"""The engine by itself: one firing at one URL from the command line, and its numbers."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import uvloop

from dashboard.engine.loads.factory import begin
from dashboard.engine.loads.neighbour import LAST_ANSWERS_S, Neighbour
from dashboard.engine.loads.websocket import WebSocketDriver
from dashboard.engine.runtime.collector import collector_off
from dashboard.wire import frame
from dashboard.wire.plan import Firing, Rate
from dashboard.wire.plural import counted

from .summary import summarise, summarise_chunks, summarise_neighbour, summarise_rate
from .usage import read_options

INTERRUPTED = 130


def fire_alone(arguments: Sequence[str]) -> int:
    """Fire as the command line says and print; returns the exit status."""
    options = read_options(arguments)
    with collector_off():
        result, stopped = uvloop.run(_fire(options.firing))
    text = _text(result) if options.json is None else json.dumps(result)
    if options.json in {None, "-"}:
        print(text)
    else:
        Path(options.json).write_text(text + "\n")
    return INTERRUPTED if stopped else 0


async def _fire(firing: Firing) -> tuple[dict[str, Any], bool]:
    neighbour = Neighbour(firing)
    driver = begin(firing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, driver.stop)
    neighbour.begin(driver.origin_ns)
    await driver.fire()
    await neighbour.end(patience_s=0 if driver.stopped else LAST_ANSWERS_S)
    await driver.close()
    rows = driver.recorder.rows
    columns = driver.recorder.columns(0, rows)
    result = summarise(columns, rows)
    if isinstance(firing.load, Rate):
        errors_ns = driver.scheduling_errors_ns() or ()
        result |= summarise_rate(columns, firing.load, errors_ns)
    if firing.manner.chunks:
        result |= summarise_chunks(_rows_of("chunks", driver.next_frame))
    if isinstance(driver, WebSocketDriver):
        result["websocket"] = driver.said()
    if firing.neighbour is not None:
        result |= summarise_neighbour(_rows_of("neighbour", neighbour.next_frame))
    return result, driver.stopped


def _rows_of(kind: str, next_frame: Callable[[], bytes | None]) -> dict[str, list[int]]:
    """All columns of a kind, from the frames in which they would have left."""
    rows: dict[str, list[int]] = {name: [] for name in frame.COLUMNS[kind]}
    while data := next_frame():
        found = frame.decode(data)
        if found.kind == kind:
            for name, column in found.columns.items():
                rows[name] += column
    return rows


def _text(result: dict[str, Any]) -> str:
    errors = ", ".join(f"{count:,} {name}" for name, count in result["errors"].items())
    rate = result["throughput_rps"]
    latency = _known(result["latency_ms"]) or "none was answered"
    took = result["makespan_s"]
    lines = [
        f"{result['ok']:,} of {result['requests']:,} ok"
        f"{'' if took is None else f' in {took:.3f} s'}"
        f"{f', {rate:,.0f} a second' if rate else ''}"
        f"{cut_off_words(result['cut_off'])}",
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
        lines += _neighbour_lines(result["neighbour"])
    return "\n".join(lines)


def cut_off_words(cut_off: int) -> str:
    """Return what Ctrl-C did to the requests in flight, as the end of a line."""
    return f"; {cut_off:,} cut off by Ctrl-C" if cut_off else ""


def _rate_lines(result: dict[str, Any]) -> list[str]:
    late = _known(result["scheduling_error_ms"], digits=3) or "nothing was sent"
    return [
        f"offered {result['offered_rps']:,.0f}/s, achieved {result['achieved_rps']:,.0f}/s,"
        f" {result['backlog']:,} in flight or unsent at the end of the schedule",
        f"scheduling error, ms: {late}",
    ]


def _chunks_lines(chunks: dict[str, Any]) -> list[str]:
    if not chunks["answers"]:
        return []
    gaps = _known(chunks["longest_gap_ms"]) or "there were no two"
    return [
        f"answers in {chunks['fewest']} to {chunks['most']} pieces;"
        f" longest wait between two of them, ms: {gaps}"
    ]


def _websocket_line(said: dict[str, Any]) -> str:
    last = f", last of all {said['last']!r}" if said["last"] else ""
    without = f"{said['without_answer']:,} without an answer{last}"
    return f"websocket: {counted(said['ignored'], 'other message')} received, {without}"


def _neighbour_lines(neighbour: dict[str, Any]) -> list[str]:
    latency = _known(neighbour["latency_ms"]) or "none was answered"
    return [f"neighbour: {neighbour['ok']:,} of {neighbour['requests']:,} ok, ms: {latency}"]


def _known(values: dict[str, float | None], digits: int = 2) -> str:
    pairs = ((name, value) for name, value in values.items() if value is not None)
    return ", ".join(f"{name} {value:.{digits}f}" for name, value in pairs)
