"""Whether verdicts are right on this machine: real comparisons with a known truth.

`python -m bench.verdicts`: the same lane twice, as two targets that are started separately (at
most 16 of 200 may differ), and a view that waits 110 ms beside one that waits 100 ms (at least
18 of 20 must be found). Each comparison restarts its servers. Takes about half an hour.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
SERVER = "gunicorn-gthread:threads=8"
TWIN = "gunicorn-gthread:threads=8,processes=1"  # the same lane at a separate target
REQUESTS = 20

PROJECT = """
[project]
name = "verdicts"
directory = "{root}"
wsgi = "liveapp.wsgi:application"
python = "{python}"
env = {{ DJANGO_SETTINGS_MODULE = "liveapp.settings" }}

[scenario.wait]
title = "A wait"
lanes = ["short@{server}"]
load = {{ requests = 20, rounds = 6 }}

[scenario.wait.variant.short]
family = "sync"
path = "/sleep/sync/?delay=0.02"

[scenario.wait.variant.hundred]
family = "sync"
path = "/sleep/sync/?delay=0.1"

[scenario.wait.variant.longer]
family = "sync"
path = "/sleep/sync/?delay=0.11"
"""


@dataclass(frozen=True)
class Question:
    """A number of comparisons of two lanes, and how many may or must differ."""

    title: str
    lanes: tuple[str, str]
    rounds: int
    comparisons: int
    least: float = 0.0
    most: float = 1.0


QUESTIONS = (
    Question("the same lane twice", (f"short@{SERVER}", f"short@{TWIN}"), 6, 200, most=0.08),
    Question("110 ms next to 100 ms", (f"hundred@{SERVER}", f"longer@{TWIN}"), 20, 20, least=0.9),
)


def main() -> int:
    """Run all, print a line for each question, and return 1 if one has a wrong answer."""
    parser = ArgumentParser(prog="python -m bench.verdicts", description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the comparisons, 0 to 1")
    given = parser.parse_args()
    if not 0 < given.share <= 1:
        parser.error(f"--share: expected above 0 and up to 1, found {given.share}")
    held = True
    with TemporaryDirectory() as directory:
        project = Path(directory) / "lab.toml"
        project.write_text(PROJECT.format(root=ROOT, python=sys.executable, server=SERVER))
        for question in QUESTIONS:
            number = max(1, round(question.comparisons * given.share))
            reports = [_report(project, question, seed) for seed in range(1, number + 1)]
            print(_line(question, reports), flush=True)
            held &= question.least <= _differing(reports) / number <= question.most
    return 0 if held else 1


def _report(project: Path, question: Question, seed: int) -> dict[str, Any]:
    """Return the report of one run; raises BenchFailed if there is none."""
    lanes = [word for lane in question.lanes for word in ("--lane", lane)]
    command = [
        *(sys.executable, "manage.py", "burst", "wait", "--project", str(project), *lanes),
        *("-n", str(REQUESTS), "--rounds", str(question.rounds), "--seed", str(seed)),
        *("--no-save", "--json", "-"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    answer, ratio = _answer(report), report["verdict"]["comparisons"][0]["ratio"]
    print(f"{question.title}, {seed}: {answer}, ratio {ratio}", file=sys.stderr, flush=True)
    return report


def _answer(report: dict[str, Any]) -> str:
    return str(report["verdict"]["comparisons"][0]["answer"])


def _differing(reports: Sequence[dict[str, Any]]) -> int:
    return sum(_answer(report) == "differs" for report in reports)


def _line(question: Question, reports: Sequence[dict[str, Any]]) -> str:
    answers = Counter(map(_answer, reports))
    ratios = [report["verdict"]["comparisons"][0]["ratio"] for report in reports]
    known_ratios = [ratio for ratio in ratios if ratio is not None]
    steal = [(report["instrument"] or {}).get("steal_percent") or 0.0 for report in reports]
    counts = ", ".join(f"{count} {answer}" for answer, count in answers.most_common())
    ratio = f"{median(known_ratios):.3f}" if known_ratios else "not known"
    return (
        f"{question.title}: {len(reports)} runs, {counts}; median ratio {ratio};"
        f" stolen CPU time {median(steal):.2g} % at the median, {max(steal):.2g} % at most"
    )


if __name__ == "__main__":
    sys.exit(main())
