"""What the commands `matrix`, `sweep` and `claims` share: an experiment, its progress, its end."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from django.core.management import CommandError
from rich.console import Console

from dashboard.database.opening import open_database
from dashboard.management.terminal.outputs import print_outcome
from dashboard.management.terminal.progress_lines import (
    Write,
    line_writer,
    print_queue_position,
    progress,
)
from dashboard.models import Experiment, Status
from dashboard.project.project import Project
from dashboard.runs.queue.experiment import ExperimentPlan, Steps
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.wiring import set_up
from dashboard.state.home import home
from dashboard.wire.plural import counted

from .options import (
    BAD_USAGE,
    INTERRUPTED,
    NOTHING_SUCCEEDED,
    RUN_FAILED,
    Options,
    add_numbers,
    add_project,
    parameter_setting,
)
from .without_success import Measured, succeeded

Answer = TypeVar("Answer")
EXIT_STATUS = {Status.FINISHED: 0, Status.STOPPED: INTERRUPTED}


def add_experiment_options(parser: ArgumentParser) -> None:
    """Add the options that a matrix and a sweep share with a burst, and their output files."""
    parser.add_argument("scenario")
    add_numbers(parser, "requests", "concurrency", "rounds", "seed", "timeout")
    parser.add_argument(
        "--set", action="append", default=[], type=parameter_setting, metavar="NAME=NUMBER"
    )
    add_project(parser)
    parser.add_argument("--json", metavar="FILE|-")
    parser.add_argument("--csv", metavar="FILE")


def experiment_arguments(options: Options) -> dict[str, Any]:
    """Return these options as keyword arguments of `make_matrix` and `make_sweep`."""
    return {
        "scenario": options["scenario"],
        "requests": options["requests"],
        "concurrency": options["concurrency"],
        "rounds": options["rounds"],
        "seed": options["seed"],
        "parameters": dict(options["set"]),
        "timeout_s": options["timeout"],
    }


def usage_error(error: Exception) -> CommandError:
    """Return the error as bad usage."""
    return CommandError(str(error), returncode=BAD_USAGE)


def run_experiment(
    project: Project, plan: ExperimentPlan, answer_of: Callable[[Experiment], Answer]
) -> tuple[Experiment, Answer]:
    """Perform an experiment, with its progress on stderr; return it and its answer."""
    open_database()
    # No dashboard may have calibrated before.
    laboratory = set_up(project, home(), calibrates_first=True)
    console = Console(stderr=True)
    reported = replace(plan, steps=_reported(plan.steps, line_writer(console)))
    experiment = asyncio.run(_perform(laboratory, reported, console))
    experiment.refresh_from_db()
    if experiment.problem or experiment.status != Status.FINISHED:
        print_outcome("experiment", experiment.status, experiment.problem)
    return experiment, answer_of(experiment)


def _reported(steps: Steps, write: Write) -> Steps:
    """Yield the same steps, and write a line when each begins and when it ends."""
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


async def _perform(laboratory: Laboratory, plan: ExperimentPlan, console: Console) -> Experiment:
    """Perform the experiment; Ctrl-C stops it, and what was measured is kept."""
    experiment = await laboratory.experiment(plan, [progress(console)])
    queue_lines = asyncio.create_task(print_queue_position(experiment, line_writer(console)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: asyncio.ensure_future(laboratory.stop(experiment)))
    try:
        await laboratory.outcome(experiment)
    finally:
        queue_lines.cancel()
        await laboratory.close()
    return experiment


def exit_with_status(experiment: Experiment) -> None:
    """Exit with the experiment's status, unless it finished; the reason was printed before."""
    if experiment.status != Status.FINISHED:
        sys.exit(EXIT_STATUS.get(Status(experiment.status), RUN_FAILED))


def exit_if_nothing_succeeded(cells: Iterable[Measured]) -> None:
    """Exit if no request succeeded in any of these, which are all that were fired."""
    if not succeeded(cells):
        sys.stderr.write("Nothing was measured: no request succeeded.\n")
        sys.exit(NOTHING_SUCCEEDED)
