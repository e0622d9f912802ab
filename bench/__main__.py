"""`python -m bench [--pairs N]`: the engine against wrk, as a table."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from statistics import median

from .engine_vs_wrk import CORES, FIRERS_CORE, SERVERS_CORE, BenchFailed, Pair, compare

CONNECTIONS = (64, 256)
BAD_USAGE, FAILED = 2, 3
HOW_TO_GET_WRK = "wrk is not here. Debian and Ubuntu: apt-get install wrk. macOS: brew install wrk."


def main() -> int:
    """Run and print; returns the exit status."""
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--pairs", type=int, default=10, help="turns of each, at each load")
    pairs = parser.parse_args().pairs
    if pairs < 1:
        parser.error(f"--pairs: expected 1 or more, found {pairs}")
    if shutil.which("wrk") is None:
        print(HOW_TO_GET_WRK, file=sys.stderr)
        return BAD_USAGE
    print(
        f"Python {platform.python_version()}, {len(CORES)} cores: null server on {SERVERS_CORE},"
        f" engine and wrk -t1 in turns on {FIRERS_CORE}; load {os.getloadavg()[0]:.2f} before"
    )
    try:
        for connections in CONNECTIONS:
            _table(connections, pairs)
    except BenchFailed as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0


def _table(connections: int, pairs: int) -> None:
    """The last line is the median of each column: the ratio is the median of the ratios."""
    print(f"\n{connections} connections")
    print("  pair   engine/s      wrk/s   ratio   steal   null server busy under each")
    rows = []
    for number, pair in enumerate(compare(connections, pairs), 1):
        rows.append(_values(pair))
        _line(str(number), rows[-1])
    _line("median", [median(column) for column in zip(*rows, strict=True)])


def _values(pair: Pair) -> list[float]:
    busy = (pair.engine.server_busy_percent, pair.wrk.server_busy_percent)
    return [pair.engine.rps, pair.wrk.rps, pair.ratio, pair.steal_percent, *busy]


def _line(name: str, values: Sequence[float]) -> None:
    engine_rps, wrk_rps, ratio, steal, under_engine, under_wrk = values
    rates = f"{engine_rps:>10,.0f} {wrk_rps:>10,.0f} {ratio:>7.3f} {steal:>6.1f}%"
    print(f"{name:>6} {rates} {under_engine:>7.0f}% {under_wrk:>5.0f}%", flush=True)


if __name__ == "__main__":
    sys.exit(main())
