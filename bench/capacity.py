"""Whether an answer of `capacity` can be relied on: it holds 5 % below, and fails 5 % above.

`python -m bench.capacity`: repeats one search, and fires each answer's configuration at 0.95 and at
1.05 of the middle of its interval. Status 1 unless nine of ten hold below and nine fail above.
Takes about a minute and a half for each repeat.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.analysis.capacity.judgement import Limits, judged

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
MISSED, FAILED = 1, 3
BELOW, ABOVE = 0.95, 1.05
ENOUGH = 0.9  # of the repeats
NOTHING_HELD = 1


@dataclass(frozen=True)
class Repeat:
    """One answer: its lane, the middle of its interval, and whether it held beside that."""

    lane: str
    middle_rps: float
    held_below: bool
    failed_above: bool

    def __str__(self) -> str:
        below = "held" if self.held_below else "did not hold"
        above = "failed" if self.failed_above else "held"
        return f"{self.lane}: {self.middle_rps:.0f}/s, {below} below, {above} above"


def main() -> int:
    """Repeat the search, print a line for each, and return 1 if the answers cannot be relied on."""
    parser = ArgumentParser(prog="python -m bench.capacity", description=__doc__)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--scenario", default="sleep")
    parser.add_argument("--lane", default="sync@gunicorn-gthread")
    parser.add_argument("--rate", type=float, default=60)
    parser.add_argument("--p95-ms", type=float, default=200)
    given = parser.parse_args()
    limits = Limits(given.rate, given.p95_ms, error_share=0.001)
    repeats: list[Repeat] = []
    with TemporaryDirectory() as home:
        for number in range(1, given.repeats + 1):
            try:
                repeats.append(repeated(home, given.scenario, given.lane, limits, number))
            except BenchFailed as error:
                print(error, file=sys.stderr)
                return FAILED
            print(repeats[-1], flush=True)
    text, missed = summary(repeats)
    print(text)
    return MISSED if missed else 0


def repeated(home: str, scenario: str, lane: str, limits: Limits, seed: int) -> Repeat:
    """Search once, and fire the answer beside its middle. Raises BenchFailed without an answer."""
    options = ("--rate", f"{limits.rate_rps:g}", "--p95", f"{limits.p95_ms:g}ms", "--lane", lane)
    answer = _printed(home, "capacity", scenario, *options, "--seed", str(seed))
    best = next((each for each in answer["candidates"] if each["lane"] == answer["best"]), None)
    if best is None or best["low_rps"] is None or best["high_rps"] is None:
        raise BenchFailed(f"There is no interval: {answer['sentence']}")
    middle_rps = (best["low_rps"] + best["high_rps"]) / 2
    fired = ("--duration", f"{answer['duration_s']:g}", "--rounds", str(answer["rounds"]))
    held = []
    for share in (BELOW, ABOVE):
        rate = ("--rate", f"{share * middle_rps:.4g}", "--poisson")
        report = _printed(home, "burst", scenario, "--lane", best["lane"], *rate, *fired)
        held.append(judged(report["lanes"][0], limits).held is True)
    return Repeat(best["lane"], middle_rps, held[0], not held[1])


def _printed(home: str, command: str, *arguments: str) -> dict[str, Any]:
    """Return the JSON that a command prints; raises BenchFailed if it fails."""
    done = subprocess.run(
        [sys.executable, "manage.py", command, *arguments, "--json", "-"],
        cwd=ROOT,
        env={**os.environ, "LIVEBURST_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in {0, NOTHING_HELD}:
        raise BenchFailed(done.stderr)
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def summary(repeats: Sequence[Repeat]) -> tuple[str, bool]:
    """Return how many held below and failed above, and whether those are too few."""
    below = sum(repeat.held_below for repeat in repeats)
    above = sum(repeat.failed_above for repeat in repeats)
    text = f"{len(repeats)} repeats: {below} held at {BELOW} ×, {above} failed at {ABOVE} ×"
    return text, not repeats or min(below, above) < ENOUGH * len(repeats)


if __name__ == "__main__":
    sys.exit(main())
