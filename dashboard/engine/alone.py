"""The engine by itself: one firing at one URL from the command line, and its numbers."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop

from dashboard.wire.plan import Firing, Rate

from .collector import collector_off
from .kinds import begin
from .summary import summarise, summarise_rate
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
    flight = begin(firing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, flight.stop)
    await flight.fire()
    await flight.close()
    rows = flight.recorder.rows
    columns = flight.recorder.columns(0, rows)
    result = summarise(columns, rows)
    if isinstance(firing.load, Rate):
        errors_ns = flight.scheduling_errors_ns() or ()
        result |= summarise_rate(columns, firing.load, errors_ns)
    return result, flight.stopped


def _text(result: dict[str, Any]) -> str:
    latency = result["latency_ms"]
    known = ", ".join(f"{name} {value:.2f}" for name, value in latency.items() if value is not None)
    errors = ", ".join(f"{count:,} {name}" for name, count in result["errors"].items())
    rate = result["throughput_rps"]
    lines = (
        f"{result['ok']:,} of {result['requests']:,} ok in {result['makespan_s']:.3f} s"
        f"{f', {rate:,.0f} a second' if rate else ''}\n"
        f"response time, ms: {known or 'none was answered'}\n"
        f"errors: {errors or 'none'}"
    )
    return lines + (_rate_text(result) if "offered_rps" in result else "")


def _rate_text(result: dict[str, Any]) -> str:
    late = result["scheduling_error_ms"]
    known = ", ".join(f"{name} {value:.3f}" for name, value in late.items() if value is not None)
    return (
        f"\noffered {result['offered_rps']:,.0f}/s, achieved {result['achieved_rps']:,.0f}/s,"
        f" {result['backlog']:,} in flight or unsent at the end of the schedule"
        f"\nscheduling error, ms: {known or 'nothing was sent'}"
    )
