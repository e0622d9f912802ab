"""The percentiles of wrk, h2load and the load generator at one target, in turns."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Burst
from dashboard.wire.units import NS_PER_MS

from .firing import fire
from .tools import SECONDS, TOOLS, BenchFailed

REQUESTS = 3_000
US_PER_MS = 1e3

Percentiles = Mapping[str, float]  # "p50" and "p99", in milliseconds


def read_all(port: int, connections: int, turns: int) -> dict[str, list[Percentiles]]:
    """Return this many turns of the load generator and of each installed tool, in alternation."""
    readers: dict[str, Callable[[int, int], Percentiles]] = {"engine": _engine}
    readers |= {name: reader for name, reader in READERS.items() if shutil.which(name)}
    percentiles: dict[str, list[Percentiles]] = {name: [] for name in readers}
    for _ in range(turns):
        for name, reader in readers.items():
            percentiles[name].append(reader(port, connections))
    return percentiles


def _engine(port: int, connections: int) -> Percentiles:
    """Return percentiles from the first byte sent, as the tools do, which connect before."""
    fired = fire(port, Burst(REQUESTS, connections))
    return _percentiles(fired.between("sent_first", "done"), NS_PER_MS)


def _wrk(port: int, connections: int) -> Percentiles:
    reading = next(tool for tool in TOOLS if tool.name == "wrk").fire(_url(port), connections)
    return {"p50": reading.p50_ms or 0, "p99": reading.p99_ms or 0}


def _h2load(port: int, connections: int) -> Percentiles:
    """Return percentiles from its log of begin, status, µs; its summary has none."""
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "requests.tsv")
        options = ["--h1", "-t1", f"-c{connections}", f"-D{SECONDS}", f"--log-file={log}"]
        command = ["h2load", *options, _url(port)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        rows = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    if done.returncode or not rows or {status for _, status, _ in rows} != {"200"}:
        raise BenchFailed(f"h2load: expected answers and no errors, found\n{done.stdout[-2000:]}")
    return _percentiles(sorted(int(time_us) for _, _, time_us in rows), US_PER_MS)


def _percentiles(ascending: list[int], units_per_ms: float) -> Percentiles:
    return {
        f"p{percent:g}": (nearest_rank(ascending, percent) or 0) / units_per_ms
        for percent in (50.0, 99.0)
    }


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/"


READERS = {"wrk": _wrk, "h2load": _h2load}
