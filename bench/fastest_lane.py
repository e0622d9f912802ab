"""`python -m bench.fastest_lane`: how far the load generator's limit is above all lanes.

The load generator fires at the null server and, by `manage.py burst`, at empty views, in turns;
the same 64 connections each time. The load generator is not the limit if the ratio is 10 or more.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from .comparison import null_server
from .engine_turn import Engine
from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
CONNECTIONS = 64
REQUESTS = 4_000
LANES = (
    "sync@gunicorn-sync",
    "sync@gunicorn-gthread",
    "sync@uvicorn",
    "async@uvicorn",
    "sync@daphne",
    "async@daphne",
)
WANTED, MISSED = 10, 1


def main() -> int:
    """Measure and print; return 1 if the ratio is too small."""
    parser = ArgumentParser(prog="python -m bench.fastest_lane", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="turns of each")
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds: expected 1 or more, found {rounds}")
    ratios = []
    for number in range(1, rounds + 1):
        limit_rps, lanes_rps = _limit_rps(), _lanes_rps()
        fastest = max(lanes_rps, key=lambda lane: lanes_rps[lane])
        ratios.append(limit_rps / lanes_rps[fastest])
        rates = ", ".join(f"{lane} {rps:,.0f}" for lane, rps in lanes_rps.items())
        print(
            f"{number}: engine {limit_rps:,.0f}/s, {rates}; fastest {fastest}, 1/{ratios[-1]:.1f}"
        )
    print(
        f"median ratio {median(ratios):.1f} ({min(ratios):.1f}–{max(ratios):.1f}), {rounds} rounds"
    )
    return 0 if median(ratios) >= WANTED else MISSED


def _limit_rps() -> float:
    engine = Engine()
    with null_server() as server:
        engine.fire(server.url, CONNECTIONS)
        return engine.fire(server.url, CONNECTIONS).rps


def _lanes_rps() -> Mapping[str, float]:
    command = [sys.executable, "manage.py", "burst", "sleep", "--set", "delay=0", "--no-save"]
    load = ["-n", str(REQUESTS), "-c", str(CONNECTIONS), "--rounds", "1", "--json", "-"]
    lanes = [text for lane in LANES for text in ("--lane", lane)]
    done = subprocess.run(
        [*command, *load, *lanes], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BenchFailed(f"manage.py burst ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return {lane["lane"]: lane["throughput_rps"] for lane in json.loads(done.stdout)["lanes"]}


if __name__ == "__main__":
    sys.exit(main())
