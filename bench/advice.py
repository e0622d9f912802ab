"""Whether advice is right on this machine: each prediction next to what its own test measured.

`python -m bench.advice`: fires the lanes of every built-in scenario, and lanes with causes that
those do not have; then each piece of advice with a lane, as its command does. Status 1 if the
median error of the predicted values is above 15 %, or a bound was crossed by more than that.
Bounds have no error of their own, so they are counted apart. Takes about a quarter of an hour.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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

from .tools import BenchFailed

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
    """Fire everything, print a line for each piece of advice, and return 1 if it is wrong."""
    parser = ArgumentParser(prog="python -m bench.advice", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scenario", action="append", default=[], help="only this one")
    given = parser.parse_args()
    project = load_manifest(LAB)
    runs = [(name, ()) for name in project.scenarios] + list(MORE)
    tested: list[Checked] = []
    with TemporaryDirectory() as home:
        for scenario, lanes in runs:
            if given.scenario and scenario not in given.scenario:
                continue
            try:
                for each in _tests(scenario, lanes, given.rounds, home):
                    tested.append(each)
                    print(each, flush=True)
            except BenchFailed as error:
                print(f"{scenario}: {error}", file=sys.stderr)
                return FAILED
    text, missed = summary(tested)
    print(text)
    return MISSED if missed else 0


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
