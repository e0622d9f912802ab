"""Whether advice is right on this machine: each prediction next to what its own test measured.

`python -m bench.advice`: fires the lanes of every built-in scenario, and lanes with causes that
those do not have; then each piece of advice with a lane, as its command does. Status 1 if the
median error of the predicted values is above 15 %, or a bound was crossed by more than that.
Bounds have no error of their own, so they are counted apart. Takes about a quarter of an hour.

Results are appended to a file, a line for each run with the tests of its advice; what is in it is
not repeated, so the command can be stopped and started again. What is printed at the end is of all
that is in the file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.analysis.advice.outcome import outcome_of
from dashboard.analysis.model.formulas import PLUS_MINUS
from dashboard.analysis.text.advice import outcome_text
from dashboard.project.labtoml.load import load_manifest
from dashboard.wire.report.advice import Advice, AdviceOutcome

from .interrupts import end_by_interrupt
from .tools import BenchFailed

RESULTS = Path("advice.jsonl")
ROOT = Path(__file__).parents[1]
LAB = ROOT / "liveapp" / "lab.toml"
MISSED, FAILED = 1, 3
UNMEASURED = 4  # the status of a burst of which a lane had no success: orm-limits, on purpose
# Lanes with the causes that the scenarios' own do not have.
MORE: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("sleep", ("sync@gunicorn-sync", "async@uvicorn")),
    ("sleep", ("async-blocking@uvicorn", "async@hypercorn")),
    ("sleep", ("sync@waitress", "async@uvicorn")),
    ("mixed", ("bridged-threads@uvicorn", "bridged@uvicorn")),
    ("mixed", ("async-blocking@uvicorn", "bridged@uvicorn")),
    ("orm-slow", ("sync@gunicorn-sync", "sync@uvicorn")),
)
Lanes = tuple[str, ...]
Key = tuple[str, Lanes, int]  # scenario, lanes (none: its own), rounds


@dataclass(frozen=True)
class Checked:
    """A piece of advice with the outcome of its test."""

    scenario: str
    advice: Advice
    outcome: AdviceOutcome

    @property
    def is_value(self) -> bool:
        """True if a value was predicted, and not a bound alone."""
        prediction = self.advice["prediction"]
        return prediction is not None and prediction["value"] is not None

    def __str__(self) -> str:
        lanes = f"{self.advice['lane']} → {self.advice['fires']}"
        text = outcome_text(self.advice, self.outcome)
        return f"{self.scenario:<13} {self.advice['cause']:<24} {lanes}\n    {text}"


def main() -> int:
    """Make the runs that the file lacks, and return 1 if advice is wrong."""
    parser = ArgumentParser(prog="python -m bench.advice", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenario", action="append", default=[], help="only this one")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no run after that")
    options = parser.parse_args()
    end_by_interrupt()
    until_s = time.monotonic() + 60 * options.minutes
    keys = list(_runs(options.scenario, options.rounds))
    done = results_in(options.results)
    failed = 0
    with TemporaryDirectory() as home:
        for key in keys:
            if key in done or time.monotonic() > until_s:
                continue
            try:
                done[key] = _performed(key, home, options.results)
            except BenchFailed as error:
                print(f"{named(key)}: {error}", file=sys.stderr)
                failed += 1
    text, missed = summary([each for key in keys for each in done.get(key, ())])
    print(text)
    if left := sum(key not in done for key in keys):
        print(f"{left} of {len(keys)} runs are left, {failed} of them failed.")
    return FAILED if failed else MISSED if missed else 0


def _runs(scenarios: Sequence[str], rounds: int) -> Iterator[Key]:
    """Yield the runs of these scenarios, or of all."""
    every: list[tuple[str, Lanes]] = [(name, ()) for name in load_manifest(LAB).scenarios]
    for scenario, lanes in (*every, *MORE):
        if not scenarios or scenario in scenarios:
            yield scenario, lanes, rounds


def named(key: Key) -> str:
    """Return a run in words."""
    scenario, lanes, _ = key
    return f"{scenario} ({', '.join(lanes)})" if lanes else scenario


def results_in(path: Path) -> dict[Key, list[Checked]]:
    """Return the tests of each run in a file of results."""
    results: dict[Key, list[Checked]] = {}
    for text in path.read_text().splitlines() if path.exists() else ():
        line = json.loads(text)
        key = line["scenario"], tuple(line["lanes"]), line["rounds"]
        results[key] = [Checked(line["scenario"], *tested) for tested in line["tested"]]
    return results


def keep(path: Path, key: Key, tested: Sequence[Checked], took_s: float) -> None:
    """Append the tests of a run to a file of results."""
    scenario, lanes, rounds = key
    line = {
        "scenario": scenario,
        "lanes": lanes,
        "rounds": rounds,
        "took_s": round(took_s, 1),
        "tested": [(each.advice, each.outcome) for each in tested],
    }
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def _performed(key: Key, home: str, results: Path) -> list[Checked]:
    """Make a run and test its advice, print a line for each piece, and keep them."""
    scenario, lanes, rounds = key
    start_s, tested = time.monotonic(), list[Checked]()
    for each in _tests(scenario, lanes, rounds, home):
        tested.append(each)
        print(each, flush=True)
    took_s = time.monotonic() - start_s
    keep(results, key, tested, took_s)
    print(f"{named(key)}: {len(tested)} tested, {took_s:.0f} s", flush=True)
    return tested


def _tests(scenario: str, lanes: Sequence[str], rounds: int, home: str) -> Iterator[Checked]:
    """Yield each piece of advice on a run of a scenario that a lane tests."""
    report = _burst(home, scenario, lanes, rounds)
    for number, advice in enumerate(report.get("advice", []), 1):
        if advice["fires"] is not None:
            both = (advice["lane"], advice["fires"])
            option = ("--advice", f"{report['run']}/{number}")
            test: Any = _burst(home, scenario, both, rounds, *option)
            yield Checked(scenario, advice, outcome_of(advice, test))


def _burst(
    home: str, scenario: str, lanes: Sequence[str], rounds: int, *options: str
) -> dict[str, Any]:
    """Return the report of one run; raises BenchFailed if there is none."""
    named = [word for lane in lanes for word in ("--lane", lane)]
    command = [
        *(sys.executable, "manage.py", "burst", scenario, *named),
        *("--rounds", str(rounds), "--seed", "1", *options, "--json", "-"),
    ]
    environment = {**os.environ, "LIVEBURST_HOME": home}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in {0, UNMEASURED}:
        raise BenchFailed(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def summary(tested: Sequence[Checked]) -> tuple[str, bool]:
    """Return the errors in words, and whether they are too large."""
    decided = [each for each in tested if each.outcome["held"] is not None]
    errors = [abs(each.outcome["error"] or 0) for each in decided if each.is_value]
    crossed = [abs(each.outcome["error"] or 0) for each in decided if not each.is_value]
    if not errors:
        return "No predicted value was tested.", True
    held = sum(error == 0 for error in crossed)
    too_far = median(errors) > PLUS_MINUS or any(error > PLUS_MINUS for error in crossed)
    text = (
        f"{len(tested)} pieces of advice, {len(tested) - len(decided)} undecided; values: median"
        f" error {100 * median(errors):.1f} % of {len(errors)}, at most {100 * max(errors):.0f} %;"
        f" bounds: {held} of {len(crossed)} held"
    )
    return text, too_far


if __name__ == "__main__":
    sys.exit(main())
