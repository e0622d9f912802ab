"""`python -m bench.sampler`: what the sampler of *Where?* costs the target that it is in.

The same view at two targets, of which one is sampled, as two lanes of one run: they are fired at in
pairs, in random order. While requests wait there must be no difference (A/A), at the limit of the
CPU the sampled one may take 5 % longer. CPU time per request is printed too: on a busy machine it
has less noise than total time. Takes about five minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.targets.observe.sampler_files import sampler_environment

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
ROUNDS = 20
MOST_COST = 1.05  # of total time at the limit of the CPU
NO_DIFFERENCE = "no-difference"

PROJECT = """
[project]
name = "sampler"
directory = {root}
wsgi = "liveapp.wsgi:application"
asgi = "liveapp.asgi:application"
python = {python}
env = {{ DJANGO_SETTINGS_MODULE = "liveapp.settings" }}
"""
SCENARIO = """
[scenario.{name}]
title = {title}
lanes = ["plain@{server}"]

[scenario.{name}.variant.plain]
family = "{family}"
path = "{path}"

[scenario.{name}.variant.sampled]
family = "{family}"
path = "{path}"
env = {{ {variable} = {settings} }}
"""


@dataclass(frozen=True)
class Question:
    """A view at a server, and whether it waits: then there may be no difference at all."""

    name: str
    title: str
    family: str
    server: str
    path: str
    requests: int
    concurrency: int
    waits: bool


QUESTIONS = (
    Question(
        *("threads", "a wait in threads", "sync", "gunicorn-gthread", "/sleep/sync/?delay=0.1"),
        requests=80, concurrency=80, waits=True,
    ),
    Question(
        *("loop", "a wait in an event loop", "async", "uvicorn", "/sleep/async/?delay=0.1"),
        requests=400, concurrency=100, waits=True,
    ),
    Question(
        *("cpu-threads", "computing in threads", "sync", "gunicorn-gthread"),
        "/cpu/sync/?limit=200000", requests=20, concurrency=10, waits=False,
    ),
    Question(
        *("cpu-loop", "computing in an event loop", "async", "uvicorn"),
        "/cpu/async-naive/?limit=200000", requests=20, concurrency=10, waits=False,
    ),
)  # fmt: skip


def main() -> int:
    """Ask each question, print a line for it, and return 1 if the sampler costs too much."""
    parser = ArgumentParser(prog="python -m bench.sampler", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    names = [question.name for question in QUESTIONS]
    parser.add_argument("--question", action="append", default=[], choices=names)
    options = parser.parse_args()
    asked = [each for each in QUESTIONS if each.name in (options.question or names)]
    fine = True
    with TemporaryDirectory() as directory:
        project = _project_in(Path(directory))
        for question in asked:
            report = _report(project, question, options.rounds)
            print(_line(question, report), flush=True)
            fine &= _holds(question, report["verdict"]["comparisons"][0])
    return 0 if fine else 1


def _project_in(directory: Path) -> Path:
    """Write a lab.toml whose sampled variants have the sampler in their targets."""
    looks = directory / "looks"
    looks.mkdir()
    ((variable, settings),) = sampler_environment(looks).items()
    scenarios = [
        SCENARIO.format(
            name=question.name,
            title=json.dumps(question.title),
            family=question.family,
            server=question.server,
            path=question.path,
            variable=variable,
            settings=json.dumps(settings),
        )
        for question in QUESTIONS
    ]
    head = PROJECT.format(root=json.dumps(str(ROOT)), python=json.dumps(sys.executable))
    project = directory / "lab.toml"
    project.write_text(head + "".join(scenarios))
    return project


def _report(project: Path, question: Question, rounds: int) -> dict[str, Any]:
    """Return the report of one run; raises BenchFailed if there is none."""
    lanes = [f"{variant}@{question.server}" for variant in ("plain", "sampled")]
    command = [
        *(sys.executable, "manage.py", "burst", question.name, "--project", str(project)),
        *(word for lane in lanes for word in ("--lane", lane)),
        *("-n", str(question.requests), "-c", str(question.concurrency)),
        *("--rounds", str(rounds), "--seed", "1", "--no-save", "--json", "-"),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchFailed(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _holds(question: Question, comparison: Mapping[str, Any]) -> bool:
    if question.waits:
        return bool(comparison["answer"] == NO_DIFFERENCE)
    return comparison["ratio"] is not None and comparison["ratio"] <= MOST_COST


def _line(question: Question, report: Mapping[str, Any]) -> str:
    (comparison,) = report["verdict"]["comparisons"]
    plain, sampled = (lane["makespan_s"] for lane in report["lanes"])
    low, high = comparison["interval"] or (None, None)
    interval = "no interval" if low is None else f"{low:.3f} to {high:.3f}"
    medians = f"{median(plain):.3f} s without, {median(sampled):.3f} s with the sampler"
    return (
        f"{question.title} ({question.server}): {medians} (medians), ratio"
        f" {comparison['ratio']:.3f} ({interval}), {comparison['answer']}, {len(plain)} pairs;"
        f" CPU per request {_cpu(report)}"
    )


def _cpu(report: Mapping[str, Any]) -> str:
    """Return the CPU time per request of both lanes, and by how much that of the sampled differs.

    It contains the sampler's own thread.
    """
    times = [lane["server_side"]["cpu_ms_per_request"] for lane in report["lanes"]]
    if None in times:
        return "unknown"
    plain_ms, sampled_ms = times
    return f"{plain_ms:.3f} and {sampled_ms:.3f} ms ({100 * (sampled_ms / plain_ms - 1):+.1f} %)"


if __name__ == "__main__":
    sys.exit(main())
