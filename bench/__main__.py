"""`python -m bench`: load generator and other tools, as tables, on stdout and in RESULTS.md."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path

from .comparison import Firer, Round, compare, null_server
from .engine_turn import Engine
from .profile import profile
from .results import heading, machine, round_line, table
from .tools import TOOLS, BenchFailed, Tool

CONNECTIONS = (64, 256)
RESULTS = Path(__file__).parent / "RESULTS.md"
BAD_USAGE, FAILED = 2, 3
NAMES = [tool.name for tool in TOOLS]


def main() -> int:
    """Measure, print and write the tables; return the exit status."""
    parser = ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="turns of each, at each load")
    parser.add_argument(
        "--tools", nargs="+", choices=NAMES, metavar="TOOL", help=f"of {', '.join(NAMES)}"
    )
    parser.add_argument("--no-save", action="store_true", help="leave RESULTS.md as it is")
    given = parser.parse_args()
    if given.rounds < 1:
        parser.error(f"--rounds: expected 1 or more, found {given.rounds}")
    chosen = [tool for tool in TOOLS if tool.name in (given.tools or NAMES)]
    missing = [tool.name for tool in chosen if not tool.here]
    if given.tools and missing:
        parser.error(f"--tools: not on this machine: {', '.join(missing)}. `make bench` brings it.")
    if missing:
        print(f"not on this machine, left out: {', '.join(missing)}", file=sys.stderr)
    try:
        text = _measure([tool for tool in chosen if tool.here], given.rounds)
    except BenchFailed as error:
        print(error, file=sys.stderr)
        return FAILED
    print(text)
    if not given.no_save:
        RESULTS.write_text(text)
    return 0


def _measure(tools: Sequence[Tool], rounds: int) -> str:
    """Measure each load, with a line per round on stderr; return the text of RESULTS.md."""
    firers: list[Firer] = [Engine(), *tools]
    load_before = os.getloadavg()[0]
    parts = [heading(machine(load_before, tools), rounds)]
    with null_server() as server:
        for connections in CONNECTIONS:
            results: list[Round] = []
            for result in compare(server, firers, connections, rounds):
                results.append(result)
                print(round_line(connections, len(results), result), file=sys.stderr, flush=True)
            parts.append(table(connections, results))
    parts.append(profile())
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.exit(main())
