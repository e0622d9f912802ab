"""The results as text and Markdown: the content of RESULTS.md."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from .comparison import FIRERS_CORE, SERVERS_CORE, Round
from .tools import Tool

VERSION_ARGUMENTS = {"ab": "-V", "wrk": "-v"}  # the others have --version, hey has none
VERSION = re.compile(r"\d+\.\d+[\w.-]*")


def heading(machine_line: str, rounds: int) -> str:
    """Return the heading, with how the tables were measured."""
    return f"""# The load generator beside other tools

Written by `make bench` on {datetime.now(tz=UTC):%Y-%m-%d}. {machine_line}

All tools fire at the same [server](../dashboard/targets/calibration/null_server.py), which
responds at once, in a closed load over keep-alive connections without pipelining, one request in
flight on each; the server on core {SERVERS_CORE}, the tools on core {FIRERS_CORE}. In each of
{rounds} rounds every tool fires once, in random order. Rates and percentiles are medians over the
rounds. *ratio* is the load generator's rate divided by the tool's, within each round: its median
and its range. *server* is the load of the server's core, including the start of the tool: near
100 % it was the limit, and the tool could have been faster."""


def machine(load_before: float, tools: Iterable[Tool]) -> str:
    """Return the machine and the versions, as a sentence."""
    versions = ", ".join(f"{tool.name} {_version(tool)}".strip() for tool in tools)
    return (
        f"{_cpu()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, Python"
        f" {platform.python_version()}; {versions}. Load average before: {load_before:.2f}."
    )


def table(connections: int, rounds: Sequence[Round]) -> str:
    """Return the table of one load: a row per tool, the fastest first."""
    names = sorted(rounds[0], key=lambda name: -_rps(rounds, name))
    rows = "\n".join(_row(name, rounds) for name in names)
    return f"""## {connections} connections

| | requests/s | ratio (range) | p50, ms | p99, ms | server | stolen |
| --- | ---: | ---: | ---: | ---: | ---: | ---: |
{rows}"""


def round_line(connections: int, number: int, round_: Round) -> str:
    """Return the line of one round, printed while the others follow."""
    rates = ", ".join(f"{name} {turn.reading.rps:,.0f}" for name, turn in sorted(round_.items()))
    return f"{connections} connections, round {number}: {rates}"


def _row(name: str, rounds: Sequence[Round]) -> str:
    turns = [round_[name] for round_ in rounds]
    ratios = [round_["engine"].reading.rps / round_[name].reading.rps for round_ in rounds]
    cells = [
        name,
        f"{_rps(rounds, name):,.0f}",
        "" if name == "engine" else f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})",
        _median_ms([turn.reading.p50_ms for turn in turns]),
        _median_ms([turn.reading.p99_ms for turn in turns]),
        f"{median(turn.server_busy_percent for turn in turns):.0f} %",
        f"{max(turn.steal_percent for turn in turns):.1f} %",
    ]
    return f"| {' | '.join(cells)} |"


def _rps(rounds: Sequence[Round], name: str) -> float:
    return median(round_[name].reading.rps for round_ in rounds)


def _median_ms(values: Sequence[float | None]) -> str:
    values_ = [value for value in values if value is not None]
    return f"{median(values_):.2f}" if values_ else "–"


def _cpu() -> str:
    """Return the processor's name, if the kernel reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _version(tool: Tool) -> str:
    """Return the version that it prints, on stdout or stderr; empty if it prints none."""
    if tool.name == "hey":
        return ""
    argument = VERSION_ARGUMENTS.get(tool.name, "--version")
    done = subprocess.run([tool.program, argument], capture_output=True, text=True, check=False)
    match = VERSION.search(done.stdout + done.stderr)
    return match[0] if match else ""
