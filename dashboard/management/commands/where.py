"""`manage.py where`: fire once at sampled lanes, and print the lines that took the time."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.management import BaseCommand, CommandError
from rich.console import Console

from dashboard.database.opening import open_database
from dashboard.management.options import (
    BAD_USAGE,
    INTERRUPTED,
    NO_CHECKS,
    RUN_FAILED,
    Options,
    add_numbers,
    add_project,
    check_writable,
    parameter_setting,
    read_project,
)
from dashboard.management.terminal.outputs import prints_table, table_console, write_json
from dashboard.management.terminal.progress_lines import line_writer, print_queue_position
from dashboard.management.terminal.where_table import print_where
from dashboard.models import Sampling, Status
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import LOCK_NAME, Laboratory
from dashboard.runs.queue.run_queue import RemovedFromQueue, enqueue_sampling, turn
from dashboard.runs.where.lane_sampler import LaneSampler
from dashboard.runs.where.sampled_lanes import sample_lanes
from dashboard.runs.wiring import set_up
from dashboard.state.home import home
from dashboard.wire.errors import Invalid, LiveburstError
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.where import WhereReport

NUMBERS = ("requests", "concurrency", "rate", "duration", "timeout")


class Command(BaseCommand):
    """Samples lanes, each in a target of its own."""

    help = "Fire once at lanes that are sampled, and print the lines that took the time."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario")
        parser.add_argument("lanes", nargs="*", metavar="VARIANT@SERVER")
        add_numbers(parser, *NUMBERS)
        parser.add_argument(
            "--set", action="append", default=[], type=parameter_setting, metavar="NAME=NUMBER"
        )
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-", help="the result; - instead of tables")

    def handle(self, *args: Any, **options: Any) -> None:
        """Sample, print, and exit with the status of docs/commands.md."""
        try:
            project = read_project(options)
            plan = _plan(project, options)
            check_writable("json", options["json"])
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        open_database()
        laboratory = set_up(project, home())
        try:
            report = asyncio.run(sample(laboratory, plan, _step_writer()))
        except asyncio.CancelledError:
            sys.exit(INTERRUPTED)
        except (LiveburstError, OSError) as error:
            raise CommandError(str(error), returncode=RUN_FAILED) from None
        if prints_table(options):
            print_where(table_console(), report)
        write_json({**report}, options["json"])
        if not report["lanes"]:
            reasons = "; ".join(f"{lane}: {why}" for lane, why in report["missing"].items())
            raise CommandError(f"No lane was sampled. {reasons}", returncode=RUN_FAILED)


def _plan(project: Project, options: Options) -> Plan:
    """Return what is fired. Raises InvalidPlan."""
    return make_plan(
        project,
        scenario=options["scenario"],
        lanes=options["lanes"],
        requests=options["requests"],
        concurrency=options["concurrency"],
        rate_rps=options["rate"],
        duration_s=options["duration"],
        rounds=1,
        parameters=dict(options["set"]),
        timeout_s=options["timeout"],
        bystander=False,
        where=True,
    )


def _step_writer() -> Callable[[str], None]:
    """Return a function that writes each step to stderr, unless it is the one before it."""
    write, last = line_writer(Console(stderr=True)), [""]

    def on_step(step: str) -> None:
        if step != last[0]:
            write(step)
        last[0] = step

    return on_step


async def sample(laboratory: Laboratory, plan: Plan, on_step: Callable[[str], None]) -> WhereReport:
    """Wait for the turn in the queue, then sample. Ctrl-C, or a Stop on the page, ends the target.

    Raises CancelledError then, and if it is removed from the queue.
    """
    task = asyncio.current_task()
    assert task is not None  # nosec B101 # noqa: S101 - asyncio.run has made one
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    entry = await sync_to_async(enqueue_sampling)(plan.scenario, laboratory.project)
    ahead = asyncio.create_task(print_queue_position(entry, on_step))
    try:
        async with turn(entry, home() / LOCK_NAME):
            await Sampling.objects.filter(pk=entry.pk).aupdate(status=Status.RUNNING)
            sampler = LaneSampler(laboratory.resources)
            return await sample_lanes(sampler, plan, laboratory.project, on_step)
    except RemovedFromQueue:
        raise asyncio.CancelledError from None
    finally:
        ahead.cancel()
        await Sampling.objects.filter(pk=entry.pk).adelete()
        await laboratory.close()
