"""`python -m bench.faults`: seeded kills of every process of a run, and what is left of it.

Each strike starts a run, sends KILL, TERM or STOP to one of its processes at a seeded moment, and
checks that no process and no port is left, that the run's row has how it ended, that every
stored frame can be read, and that the next run works. Results are appended to a file, a line
each; what is in it is not repeated, so the command can be stopped and started again.
"""

from __future__ import annotations

import json
import sys
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from .strike import SIGNALS, VICTIMS, Case, strike

RESULTS = Path("faults.jsonl")


def cases(seeds: range, victims: list[str], signals: list[str]) -> Iterator[Case]:
    """Yield every case, so that each kind has come once before any comes twice."""
    for seed in seeds:
        for victim in victims:
            for name in signals:
                yield Case(victim, name, seed)


def done_in(results: Path) -> set[str]:
    """Return the names of the cases in a file of results."""
    if not results.exists():
        return set()
    return {json.loads(line)["case"] for line in results.read_text().splitlines()}


def main() -> int:
    """Perform the strikes that the file lacks; return 1 if a promise was broken."""
    parser = ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="strikes of each kind")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    parser.add_argument("--signals", nargs="+", choices=SIGNALS, default=list(SIGNALS))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--most", type=int, default=sys.maxsize, help="strikes in this call")
    given = parser.parse_args()
    done = done_in(given.results)
    todo = [
        case
        for case in cases(range(given.seeds), given.victims, given.signals)
        if case.name not in done
    ]
    broken = 0
    with tempfile.TemporaryDirectory(prefix="liveburst-faults-") as home:
        for case in todo[: given.most]:
            result = strike(case, Path(home))
            broken += bool(result.faults)
            with given.results.open("a") as file:
                file.write(json.dumps(asdict(result)) + "\n")
            print(f"{case.name}: {result.starter}, {result.stage}, {result.status or '-'}")
            for fault in result.faults:
                print(f"    {fault}")
            sys.stdout.flush()
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
