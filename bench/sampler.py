"""`python -m bench.sampler`: what the sampler of *Where* costs the target that it is in.

The same view at two targets, of which one is sampled, as two lanes of one run: they are fired at in
pairs, in random order. While requests wait there must be no difference (A/A), at the limit of the
CPU the sampled one may take 5 % longer: with requests that compute, and with requests that are
answered at once, for which what is done at the beginning and end of each counts most. CPU time per
request is printed too: on a busy machine it has less noise than total time. Takes about six
minutes. A question that takes longer than `--seconds` is ended, and its whole pairs are the answer.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from dashboard.targets.observe.sampler_files import sampler_environment

from .tools import BenchFailed

ROOT = Path(__file__).parents[1]
PAIRS = 20
SECONDS = 180.0  # for a question; with targets that start and warm up most take a minute
ENDING_S = 60.0  # after Ctrl-C: a firing ends, its targets are stopped
ENDED = {0, 130}  # the status of a run that was finished, or stopped by Ctrl-C
MISSED, FAILED = 1, 3
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
    # Each computes for about 0.02 s.
    Question(
        *("cpu-threads", "computing in threads", "sync", "gunicorn-gthread"),
        "/cpu/sync/?limit=50000", requests=40, concurrency=10, waits=False,
    ),
    Question(
        *("cpu-loop", "computing in an event loop", "async", "uvicorn"),
        "/cpu/async-naive/?limit=50000", requests=40, concurrency=10, waits=False,
    ),
    Question(
        *("short-threads", "answering at once in threads", "sync", "gunicorn-gthread"),
        "/cpu/sync/?limit=1", requests=1000, concurrency=20, waits=False,
    ),
    Question(
        *("short-loop", "answering at once in an event loop", "async", "uvicorn"),
        "/cpu/async-naive/?limit=1", requests=800, concurrency=20, waits=False,
    ),
)  # fmt: skip


def main() -> int:
    """Ask each question, print a line for it, and return 1 if the sampler costs too much."""
    parser = ArgumentParser(prog="python -m bench.sampler", description=__doc__)
    parser.add_argument("--pairs", "--rounds", type=int, default=PAIRS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="most time for a question")
    names = [question.name for question in QUESTIONS]
    parser.add_argument("--question", action="append", default=[], choices=names)
    options = parser.parse_args()
    status = 0
    with TemporaryDirectory() as directory:
        project = project_in(Path(directory))
        for question in QUESTIONS:
            if question.name not in (options.question or names):
                continue
            try:
                report = _report(project, question, options.pairs, options.seconds)
            except BenchFailed as error:
                print(f"{question.title} ({question.server}): {error}", flush=True)
                status = FAILED
                continue
            print(line(question, report), flush=True)
            if not holds(question, comparison_of(report)):
                status = status or MISSED
    return status


def project_in(directory: Path) -> Path:
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


def _report(project: Path, question: Question, pairs: int, seconds: float) -> dict[str, Any]:
    """Return the report of one run. Raises BenchFailed if it has no pair of firings."""
    lanes = [f"{variant}@{question.server}" for variant in ("plain", "sampled")]
    command = [
        *(sys.executable, "manage.py", "burst", question.name, "--project", str(project)),
        *(word for lane in lanes for word in ("--lane", lane)),
        *("-n", str(question.requests), "-c", str(question.concurrency)),
        *("--rounds", str(pairs), "--seed", "1", "--no-save", "--json", "-"),
    ]
    status, output, errors = _run(command, seconds)
    if status not in ENDED:
        raise BenchFailed(errors)
    report: dict[str, Any] = json.loads(output or "{}")  # nothing if it was ended while it started
    if not report or comparison_of(report) is None:
        raise BenchFailed(f"no pair of firings within {seconds:g} s")
    return report


def _run(command: Sequence[str], seconds: float) -> tuple[int, str, str]:
    """Run a command, end it by Ctrl-C after so long; return its status, output and errors."""
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            output, errors = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                output, errors = process.communicate(timeout=ENDING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise BenchFailed(f"not ended {ENDING_S:g} s after Ctrl-C") from None
        return process.returncode, output, errors


def comparison_of(report: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the comparison of the two lanes; None without a pair of firings."""
    comparisons = (report["verdict"] or {}).get("comparisons", ())
    pairs = all(lane["makespan_s"] for lane in report["lanes"])
    return comparisons[0] if comparisons and pairs else None


def holds(question: Question, comparison: Mapping[str, Any] | None) -> bool:
    """Return True if the sampler costs no more than is promised."""
    if comparison is None or comparison["ratio"] is None:
        return False
    if question.waits:
        return bool(comparison["answer"] == NO_DIFFERENCE)
    return bool(comparison["ratio"] <= MOST_COST)


def line(question: Question, report: Mapping[str, Any]) -> str:
    """Return the answer: medians, their ratio with its interval, pairs, and CPU per request."""
    comparison = comparison_of(report) or {}
    plain, sampled = (lane["makespan_s"] for lane in report["lanes"])
    low, high = comparison.get("interval") or (None, None)
    interval = "no interval" if low is None else f"{low:.3f} to {high:.3f}"
    ratio = comparison.get("ratio")
    medians = f"{median(plain):.3f} s without, {median(sampled):.3f} s with the sampler"
    return (
        f"{question.title} ({question.server}): {medians} (medians), ratio"
        f" {'unknown' if ratio is None else f'{ratio:.3f}'} ({interval}),"
        f" {comparison.get('answer')}, {len(plain)} pairs; CPU per request {_cpu(report)}"
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
