"""`python -m bench.faults`: seeded kills of every process of a run, and what is left of it.

Each strike starts a run, sends KILL, TERM or STOP to one of its processes at a seeded moment, and
checks that no process and no port is left, that the run's row has how it ended, that every
stored frame can be read, and that the next run works. `--jobs` strikes are made side by side, each
with homes, ports and a mark of its own: most of a strike is waiting. Results are appended to a
file, a line each; what is in it is not repeated, so the command can be stopped and started again.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from queue import Empty, SimpleQueue

from .interrupts import end_by_interrupt
from .strikes.case import SIGNALS, VICTIMS, Case, Result
from .strikes.site import Site
from .strikes.strike import strike

RESULTS = Path("faults.jsonl")
JOBS = 4


def cases(seeds: range, victims: list[str], signals: list[str]) -> Iterator[Case]:
    """Yield every case, so that each kind has come once before any comes twice."""
    for seed in seeds:
        for victim in victims:
            for name in signals:
                yield Case(victim, name, seed)


def results_in(path: Path) -> dict[str, Result]:
    """Return the last result of each case in a file of results."""
    lines = path.read_text().splitlines() if path.exists() else []
    results = (Result(**json.loads(line)) for line in lines)
    return {result.case: result for result in results}


def perform(todo: Sequence[Case], jobs: int, until_s: float, directory: Path) -> Iterator[Result]:
    """Make the strikes, `jobs` at a time, and yield each result; begin none after `until_s`."""
    waiting: SimpleQueue[Case] = SimpleQueue()
    for case in todo:
        waiting.put(case)
    results: SimpleQueue[Result | None] = SimpleQueue()
    stopped = [False]

    def work(number: int) -> None:
        site = Site(directory / str(number))
        try:
            while not stopped[0] and time.monotonic() < until_s:
                results.put(strike(waiting.get_nowait(), site))
        except Empty:
            pass
        finally:
            try:
                results.put(site.close())
            finally:
                results.put(None)

    with ThreadPoolExecutor(jobs) as pool:
        working = [pool.submit(work, number) for number in range(jobs)]
        try:
            for _ in working:
                yield from iter(results.get, None)
        finally:
            stopped[0] = True
    for future in working:
        future.result()


def table(results: Sequence[Result]) -> str:
    """Return the results by victim and signal, as a table in Markdown."""
    lines = [
        "| victim | signal | strikes | runs ended as | gone after, s (longest) | faults |",
        "| --- | --- | ---: | --- | ---: | ---: |",
    ]
    for victim in VICTIMS:
        for name in SIGNALS:
            own = [result for result in results if result.case.startswith(f"{victim}-{name}-")]
            if own:
                statuses = Counter(result.status for result in own).most_common()
                ends = ", ".join(f"{status or '–'}: {number}" for status, number in statuses)
                longest_s = max(result.gone_s for result in own)
                faults = sum(bool(result.faults) for result in own)
                cells = (victim, name, len(own), ends, f"{longest_s:.1f}", faults)
                lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def main() -> int:
    """Perform the strikes that the file lacks; return 1 if a promise was broken."""
    parser = ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="strikes of each kind")
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    parser.add_argument("--signals", nargs="+", choices=SIGNALS, default=list(SIGNALS))
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--jobs", type=int, default=JOBS, help="strikes side by side")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no strike after that")
    parser.add_argument("--again", action="store_true", help="repeat those that found a fault")
    options = parser.parse_args()
    end_by_interrupt()
    until_s = time.monotonic() + 60 * options.minutes
    before = results_in(options.results)
    done = {name for name, result in before.items() if not (options.again and result.faults)}
    every = cases(range(options.seeds), options.victims, options.signals)
    todo = [case for case in every if case.name not in done]
    directory = Path(tempfile.mkdtemp(prefix="liveburst-faults-"))
    broken = 0
    for result in perform(todo, options.jobs, until_s, directory):
        broken += bool(result.faults)
        if result.faults or result.case != "end":
            _write(result, options.results)
    print(table(list(results_in(options.results).values())))
    if broken:
        print(f"the homes in which a fault was found: {directory}")
    else:
        shutil.rmtree(directory)
    return 1 if broken else 0


def _write(result: Result, path: Path) -> None:
    with path.open("a") as file:
        file.write(json.dumps(asdict(result)) + "\n")
    ended = f"{result.status or '-'}, {result.took_s:g} s"
    print(f"{result.case}: {result.starter}, {result.stage}, {ended}")
    for fault in result.faults:
        print(f"    {fault}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
