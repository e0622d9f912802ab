"""`python -m bench.endurance`: 500 runs in a row, and what a dashboard keeps of them.

Memory, descriptors and threads of the dashboard must stay flat after the first runs, with a page
open, and the database must stay bounded under a limit of stored runs. Progress is appended to a
file: started again, it goes on with the same home, and so with a new process.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.prepared_home import DATABASE

from .doors.dashboard import LANE, Dashboard, dashboard

RESULTS = Path("endurance.jsonl")
RUNS, KEEP_RUNS, WARM_UP = 500, 100, 40
LOAD = {
    "scenario": "sleep", "lanes": LANE, "requests": "100", "rounds": "2", "timeout": "30",
    "parameter_delay": "0.01",
}  # fmt: skip
MAX_MEMORY_MIB_PER_100_RUNS = 5.0
MAX_DESCRIPTORS = MAX_THREADS = 8
MAX_FILE_GROWTH = 1.5  # of the size when the limit of runs was first reached


def main() -> int:
    """Fire the runs that the results lack; return 1 if something grows."""
    parser = ArgumentParser(prog="python -m bench.endurance", description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--keep", type=int, default=KEEP_RUNS, help="runs that are kept")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--home", type=Path, default=Path("endurance-home").resolve())
    options = parser.parse_args()
    rows = _rows_in(options.results)
    if len(rows) < options.runs:
        options.home.mkdir(exist_ok=True)
        with dashboard(options.home, LIVEBURST_KEEP_RUNS=str(options.keep)) as place:
            rows += _fire(place, options.results, options.runs - len(rows))
    faults = growth(rows, options.keep)
    print(*faults or ["nothing grows"], sep="\n")
    return int(bool(faults))


def _database_mb(home: Path) -> float:
    """Return the size of the database with its write-ahead log, in MB."""
    return sum(file.stat().st_size for file in home.glob(f"{DATABASE}*")) / 1e6


def _fire(place: Dashboard, results: Path, number: int) -> list[dict[str, Any]]:
    rows = []
    for _ in range(number):
        run = place.begin(LOAD)
        place.wait_for_end(run)
        row = {
            **asdict(place.footprint),
            "pid": place.process.pid,
            "file_mb": _database_mb(place.home),
        }
        rows.append(row)
        with results.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(f"{run}: {row}", flush=True)
    return rows


def _rows_in(results: Path) -> list[dict[str, Any]]:
    lines = results.read_text().splitlines() if results.exists() else []
    return [json.loads(line) for line in lines]


def growth(rows: Sequence[dict[str, Any]], keep: int) -> list[str]:
    """Return what grows: in one process after its first runs, and the file beyond the limit."""
    faults = []
    for pid in dict.fromkeys(row["pid"] for row in rows):
        own = [row for row in rows if row["pid"] == pid][WARM_UP:]
        if len(own) < WARM_UP:
            continue
        first, last = own[: WARM_UP // 4], own[-WARM_UP // 4 :]
        per_100 = 100 * (_middle(last, "memory_mib") - _middle(first, "memory_mib")) / len(own)
        if per_100 > MAX_MEMORY_MIB_PER_100_RUNS:
            faults.append(f"memory grows by {per_100:.1f} MiB per 100 runs")
        for name, most in (("descriptors", MAX_DESCRIPTORS), ("threads", MAX_THREADS)):
            more = _middle(last, name) - _middle(first, name)
            if more > most:
                faults.append(f"{name} grow by {more:.0f}")
    if len(rows) > 2 * keep:
        at_limit, now = rows[2 * keep - 1]["file_mb"], rows[-1]["file_mb"]
        if now > MAX_FILE_GROWTH * at_limit:
            faults.append(f"the database grew from {at_limit:.1f} to {now:.1f} MB")
    return faults


def _middle(rows: Sequence[dict[str, Any]], name: str) -> float:
    return float(sorted(row[name] for row in rows)[len(rows) // 2])


if __name__ == "__main__":
    sys.exit(main())
