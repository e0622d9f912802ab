"""How well the survey's model predicts on this machine: each fired alternative, over all scenarios.

`python -m bench.model`: surveys the built-in project, and those of `--project`, as the command
does. Prints each fired lane with its predicted and its measured throughput, then the median error
and Kendall's τ, of the throughput and of the ratio to today's lane. Status 1 if the median error is
above 15 % or τ of the throughput below 0.8. Takes about ten minutes for the built-in project.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.analysis.model.fit import model_fit, rank_agreement
from dashboard.wire.experiments.survey import SurveyAnswer

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
LAB = ROOT / "liveapp" / "lab.toml"
MISSED, FAILED = 1, 3
MOST_ERROR, LEAST_TAU = 0.15, 0.8


@dataclass(frozen=True)
class Fired:
    """A fired alternative: throughputs in requests per second, ratios of times to today's lane."""

    scenario: str
    lane: str
    predicted_rps: float
    measured_rps: float
    today_rps: float

    @property
    def error(self) -> float:
        """The relative deviation of the predicted throughput from the measured one."""
        return self.predicted_rps / self.measured_rps - 1

    @property
    def ratios(self) -> tuple[float, float]:
        """The predicted and the measured ratio to today's lane."""
        return self.today_rps / self.predicted_rps, self.today_rps / self.measured_rps

    def __str__(self) -> str:
        measured = f"{self.measured_rps:8.1f}/s measured"
        predicted = f"{self.predicted_rps:8.1f}/s predicted"
        return f"{self.scenario:<14} {self.lane:<44} {predicted}, {measured} ({self.error:+.1%})"


def main() -> int:
    """Survey, print a line for each fired lane and the figures; return 1 if one is missed."""
    parser = ArgumentParser(prog="python -m bench.model", description=__doc__)
    parser.add_argument("--project", action="append", default=[], help="another lab.toml, too")
    parser.add_argument("--scenario", action="append", default=[], help="of the built-in project")
    parser.add_argument("-c", "--concurrency", type=int, default=32)
    given = parser.parse_args()
    found: list[Fired] = []
    with TemporaryDirectory() as home:
        for lab in (LAB, *given.project):
            scenarios = given.scenario if lab == LAB else ()
            try:
                answer = _survey(home, str(lab), scenarios, given.concurrency)
            except BenchFailed as error:
                print(f"{lab}: {error}", file=sys.stderr)
                return FAILED
            for each in fired_in(answer):
                found.append(each)
                print(each, flush=True)
    text, missed = summary(found)
    print(text)
    return MISSED if missed else 0


def _survey(home: str, lab: str, scenarios: Sequence[str], concurrency: int) -> SurveyAnswer:
    """Return the answer of one survey; raises BenchFailed if there is none."""
    command = [
        *(sys.executable, "manage.py", "survey", *scenarios, "--project", lab),
        *("-c", str(concurrency), "--seed", "1", "--json", "-"),
    ]
    environment = {**os.environ, "LIVEBURST_HOME": home}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise BenchFailed(f"the survey ended with status {done.returncode}")
    data: Mapping[str, Any] = json.loads(done.stdout)
    return SurveyAnswer.from_json(data)


def fired_in(answer: SurveyAnswer) -> Iterator[Fired]:
    """Yield each alternative that was fired, with what was predicted."""
    for row in answer.rows:
        for each in row.alternatives:
            if each.measured_rps and row.throughput_rps:
                yield Fired(
                    row.scenario,
                    each.lane,
                    each.predicted_rps,
                    each.measured_rps,
                    row.throughput_rps,
                )


def summary(found: Sequence[Fired]) -> tuple[str, bool]:
    """Return the figures in words, and whether one of them is missed."""
    fit = model_fit([(each.predicted_rps, each.measured_rps) for each in found])
    if fit is None:
        return "No alternative was fired.", True
    of_ratios = rank_agreement([each.ratios for each in found])
    within = sum(abs(each.error) <= MOST_ERROR for each in found)
    text = (
        f"{fit.lanes} lanes: median error {fit.median_error:.1%}, {within} within"
        f" {MOST_ERROR:.0%}; Kendall's τ {_shown(fit.tau)} of the throughput,"
        f" {_shown(of_ratios)} of the ratio to today's lane"
    )
    missed = fit.median_error > MOST_ERROR or fit.tau is None or fit.tau < LEAST_TAU
    return text, missed


def _shown(tau: float | None) -> str:
    return "unknown" if tau is None else f"{tau:.2f}"


if __name__ == "__main__":
    sys.exit(main())
