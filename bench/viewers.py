"""`python -m bench.viewers`: whether 200 viewers of a run change what it measures.

Runs of one lane alternate: with viewers, and without. An interval of the ratio of their total
times, and of their p95, shows whether they differ (A/A: nothing else does). Every viewer must have
received every stored frame, or been sent which to fetch. Results are appended to a file, a line for
each pair; what is in it counts, so the command can be stopped and started again.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from dashboard.analysis.inference.intervals import student
from dashboard.wire.plan.plan import MARGIN

from .doors.dashboard import ROOT, Dashboard, dashboard

RESULTS = Path("viewers.jsonl")
VIEWERS, PAIRS = 200, 20
LEVEL_ALPHA = 0.05
LANE = "async@uvicorn"
LOAD = {
    "scenario": "sleep", "lanes": LANE, "requests": "400", "concurrency": "100", "rounds": "5",
    "timeout": "30", "parameter_delay": "0.05",
}  # fmt: skip
METRICS = ("makespan_s", "p95_ms")


def main() -> int:
    """Measure the pairs that the results lack; return 1 if viewers make a difference."""
    parser = ArgumentParser(prog="python -m bench.viewers", description=__doc__)
    parser.add_argument("--viewers", type=int, default=VIEWERS)
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    pairs = _pairs_in(options.results)
    if len(pairs) < options.pairs:
        with dashboard() as place, _viewers(place, options.viewers) as watching:
            print(f"with {options.viewers} viewers: {place.footprint}")
            for number in range(len(pairs), options.pairs):
                pairs.append(_pair(place, watching, with_first=number % 2 == 0))
                with options.results.open("a") as file:
                    file.write(json.dumps(pairs[-1]) + "\n")
                print(f"pair {number + 1}: {pairs[-1]}", flush=True)
            print(f"after {len(pairs)} pairs: {place.footprint}")
    lines = [verdict(metric, pairs) for metric in METRICS]
    missed = sum(pair["received"]["missed"] for pair in pairs)
    print(*[text for text, _ in lines], f"frames missed: {missed}", sep="\n")
    return int(missed > 0 or any(differs for _, differs in lines))


def _pairs_in(results: Path) -> list[dict[str, Any]]:
    lines = results.read_text().splitlines() if results.exists() else []
    return [json.loads(line) for line in lines]


class Watching:
    """The process of the viewers."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, run: str) -> None:
        """Let all of them watch a run."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{run}\n")
        self._process.stdin.flush()

    def received(self) -> dict[str, Any]:
        """Wait until the run has ended; return what they received."""
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def _viewers(place: Dashboard, number: int) -> Iterator[Watching]:
    command = [sys.executable, "-m", "bench.viewer_process", place.address, str(number)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the viewers could not connect")
        yield Watching(process)
        process.communicate()


def _pair(place: Dashboard, watching: Watching, *, with_first: bool) -> dict[str, Any]:
    pair: dict[str, Any] = {}
    for with_viewers in (with_first, not with_first):
        run = place.begin(LOAD)
        if with_viewers:
            watching.begin(run)
        place.wait_for_end(run)
        if with_viewers:
            pair["received"] = watching.received()
        pair["with" if with_viewers else "without"] = _numbers(place, run)
    return pair


def _numbers(place: Dashboard, run: str) -> dict[str, float]:
    report = place.report(run)
    (lane,) = report["lanes"]
    return {"makespan_s": median(lane["makespan_s"]), "p95_ms": lane["latency_ms"]["p95"]}


def verdict(metric: str, pairs: Sequence[dict[str, Any]]) -> tuple[str, bool]:
    """Return the ratio with to without viewers in words, and whether it is a difference."""
    logs = np.array([math.log(pair["with"][metric] / pair["without"][metric]) for pair in pairs])
    if len(logs) < 2:
        return f"{metric}: too few pairs", False
    bounds = student(logs, LEVEL_ALPHA)
    low, high = math.exp(float(bounds.low)), math.exp(float(bounds.high))
    differs = low > 1 + MARGIN or high < 1 / (1 + MARGIN)
    within = low >= 1 / (1 + MARGIN) and high <= 1 + MARGIN
    answer = "no difference" if within else "a difference" if differs else "undecided"
    text = f"{metric}: {math.exp(logs.mean()):.3f} ({low:.3f} to {high:.3f}), {answer}"
    return f"{text}, {len(logs)} pairs", differs


if __name__ == "__main__":
    sys.exit(main())
