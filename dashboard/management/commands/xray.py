"""`manage.py xray`: trace one request of a lane, or of two next to each other, and draw it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management import BaseCommand, CommandError

from dashboard.analysis.xray.chrome import as_processes, chrome_trace
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
from dashboard.management.terminal.outputs import (
    prints_table,
    table_console,
    write_file,
    write_json,
)
from dashboard.management.terminal.xray_drawing import Axis, axis_for, draw_xray
from dashboard.management.terminal.xray_tables import bill_table, difference_table
from dashboard.runs.xray.pair import XrayPair, lane_without
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject, make_subject
from dashboard.state.home import home
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import Invalid, InvalidPlan, Problem, TargetFailed


class Command(BaseCommand):
    """Traces one request of each lane, each in a target of its own."""

    help = "Trace one request of a lane: its thread hops, middleware stages and queries."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario")
        parser.add_argument("lane", metavar="VARIANT@SERVER")
        parser.add_argument(
            "second", metavar="VARIANT@SERVER", nargs="?", help="another lane, for the difference"
        )
        parser.add_argument(
            "--without",
            action="append",
            default=[],
            metavar="MIDDLEWARE",
            help="instead of another lane: the same one without this middleware (path or class)",
        )
        parser.add_argument(
            "--set", action="append", default=[], type=parameter_setting, metavar="NAME=NUMBER"
        )
        add_numbers(parser, "timeout")
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-", help="the result; - instead of a drawing")
        parser.add_argument("--trace", metavar="FILE", help="for Perfetto and chrome://tracing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Trace, print, and exit with the status of docs/commands.md."""
        try:
            subjects = _subjects(options)
            check_writable("json", options["json"])
            check_writable("trace", options["trace"])
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        open_database()
        try:
            results = asyncio.run(trace(subjects))
        except TargetFailed as error:
            raise CommandError(
                f"{error}\n{error.log_tail}".strip(), returncode=RUN_FAILED
            ) from None
        except asyncio.CancelledError:
            sys.exit(INTERRUPTED)
        self.print(results, options)

    def print(self, results: Sequence[XrayResult], options: Options) -> None:
        """Print the drawings; write the JSON and the trace as requested."""
        first, *others = results
        pair = XrayPair(first, *others) if others else None
        results = results[:2]
        if prints_table(options):
            self.draw(results, pair)
        write_json((pair or first).to_json(), options["json"])
        if options["trace"] is not None:
            traces = [
                chrome_trace(result.xray, f"{result.subject.lane} {result.subject.request}")
                for result in results
            ]
            write_file("trace", options["trace"], json.dumps(as_processes(traces)))

    def draw(self, results: Sequence[XrayResult], pair: XrayPair | None) -> None:
        """Print the difference of a pair, then each drawing, and the bill of a single X-ray."""
        if pair is not None:
            self.draw_difference(pair)
        console = table_console()
        axis = axis_for([result.xray for result in results], console.width)
        for position, result in enumerate(results):
            if position:
                self.stdout.write("")
            self.draw_one(result, axis)
        if pair is None and results[0].bill:
            self.stdout.write("")
            console.print(bill_table(results[0].bill, console.width))
            self.stdout.write("--without NAME traces the same request without one of them as well.")

    def draw_difference(self, pair: XrayPair) -> None:
        """Print the parts that differ, the sentence, and what leaving something out changed."""
        console = table_console()
        console.print(difference_table(pair, console.width))
        self.stdout.write(pair.sentence)
        if pair.left_out:
            self.stdout.write(f"Without {' and '.join(pair.left_out)}: {pair.outcome}.")
        for warning in pair.warnings:
            self.stdout.write(f"Warning: {warning}")
        self.stdout.write(f"For the time, fire a burst at both: {pair.burst}\n\n")

    def draw_one(self, result: XrayResult, axis: Axis) -> None:
        """Print the request, the drawing, one sentence and the warnings."""
        subject = result.subject
        tries = result.traced.tries
        self.stdout.write(f"{subject.lane}: {subject.request}, answered {result.traced.status}")
        self.stdout.write(f"the fastest of {tries} traced requests\n\n" if tries > 1 else "\n")
        for line in draw_xray(result.xray, table_console().width, axis):
            self.stdout.write(line)
        self.stdout.write(f"\n{result.sentence}")
        for warning in result.warnings:
            self.stdout.write(f"Warning: {warning}")


def _subjects(options: Options) -> list[XraySubject]:
    """Return the requests to trace: one, or two to compare, and the first again. Raises Invalid."""
    project = read_project(options)

    def subject(lane: str) -> XraySubject:
        return make_subject(
            project,
            scenario=options["scenario"],
            lane=lane,
            parameters=dict(options["set"]),
            timeout_s=options["timeout"],
        )

    first = subject(options["lane"])
    second, without = options["second"], options["without"]
    if second and without:
        message = f"expected no second lane beside it, found {second}"
        raise InvalidPlan(Problem("without", message))
    if without:
        second = str(lane_without(first.lane, without))
    if second and subject(second).lane == first.lane:
        raise InvalidPlan(Problem("lanes", f"expected another lane, found {second} twice"))
    return [first, subject(second), first] if second else [first]


async def trace(subjects: Sequence[XraySubject]) -> list[XrayResult]:
    """Wait until no run is on, then X-ray. Ctrl-C ends the target; raises CancelledError."""
    task = asyncio.current_task()
    assert task is not None  # nosec B101 # noqa: S101 - asyncio.run has made one
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    tracer = RequestTracer(mark=mark, home=home(), cores=Cores.here())
    return await tracer.trace_when_free(subjects)
