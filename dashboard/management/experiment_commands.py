"""What `matrix` and `sweep` have in common: the experiment performed, its runs told as they end."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from django.core.management import CommandError, call_command
from rich.console import Console

from dashboard.home import home
from dashboard.management.terminal.outputs import print_outcome
from dashboard.management.terminal.progress_lines import (
    Write,
    print_queue_position,
    progress,
    writer,
)
from dashboard.models import Experiment, Status
from dashboard.project.project import Project
from dashboard.runs.queue.experiment import ExperimentPlan, Steps
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.wiring import set_up
from dashboard.wire.plural import counted

from .options import BAD_USAGE, INTERRUPTED, RUN_FAILED, add_numbers, add_project, setting

EXIT_STATUS = {Status.FINISHED: 0, Status.STOPPED: INTERRUPTED}


def add_experiment_options(parser: ArgumentParser) -> None:
    """The options that a matrix and a sweep share with a burst, and where the answer goes."""
    parser.add_argument("scenario")
    add_numbers(parser, "requests", "concurrency", "rounds", "seed", "timeout")
    parser.add_argument("--set", action="append", default=[], type=setting, metavar="NAME=NUMBER")
    add_project(parser)
    parser.add_argument("--json", metavar="FILE|-")
    parser.add_argument("--csv", metavar="FILE")


def common(options: Mapping[str, Any]) -> dict[str, Any]:
    """The same as keywords."""
    return {
        "scenario": options["scenario"],
        "requests": options["requests"],
        "concurrency": options["concurrency"],
        "rounds": options["rounds"],
        "seed": options["seed"],
        "parameters": dict(options["set"]),
        "timeout_s": options["timeout"],
    }


def refuse(error: Exception) -> CommandError:
    """Bad usage, in the words of the error."""
    return CommandError(str(error), returncode=BAD_USAGE)


def perform(
    project: Project, plan: ExperimentPlan, answer_of: Callable[[Experiment], dict[str, Any]]
) -> tuple[Experiment, dict[str, Any]]:
    """Perform an experiment, its progress on stderr; returns what came of it."""
    call_command("migrate", verbosity=0)
    # There may be no dashboard that did it before.
    laboratory = set_up(project, home(), calibrates_first=True)
    console = Console(stderr=True)
    told = replace(plan, steps=_telling(plan.steps, writer(console)))
    experiment = asyncio.run(_until_over(laboratory, told, console))
    experiment.refresh_from_db()
    if experiment.problem or experiment.status != Status.FINISHED:
        print_outcome("experiment", experiment.status, experiment.problem)
    return experiment, answer_of(experiment)


def _telling(steps: Steps, write: Write) -> Steps:
    """The same steps, and a line for each as it begins and ends."""
    try:
        step = next(steps)
        while True:
            lanes = counted(len(step.plan.lanes), "lane")
            write(f"{step.label}: {lanes} …")
            run = yield step
            write(f"  {run.status}, run {run.pk}. {run.problem}".rstrip())
            step = steps.send(run)
    except StopIteration:
        return


async def _until_over(laboratory: Laboratory, plan: ExperimentPlan, console: Console) -> Experiment:
    """Ctrl-C stops the experiment: what was measured until then is kept and printed."""
    experiment = await laboratory.experiment(plan, [progress(console)])
    waiting = asyncio.create_task(print_queue_position(experiment, writer(console)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: asyncio.ensure_future(laboratory.stop(experiment)))
    try:
        await laboratory.outcome(experiment)
    finally:
        waiting.cancel()
        await laboratory.close()
    return experiment


def leave(experiment: Experiment) -> None:
    """End with the status that the contract promises; why it is not 0 was said before."""
    if experiment.status != Status.FINISHED:
        sys.exit(EXIT_STATUS.get(Status(experiment.status), RUN_FAILED))
