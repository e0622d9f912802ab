"""`manage.py xray`: trace one request of a lane and draw a lane for each thread."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from django.core.management import BaseCommand, CommandError

from dashboard.analysis.xray.chrome import chrome_trace
from dashboard.database.opening import open_database
from dashboard.home import home
from dashboard.management.options import (
    BAD_USAGE,
    INTERRUPTED,
    NO_CHECKS,
    RUN_FAILED,
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
from dashboard.management.terminal.xray_drawing import draw_xray
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject, make_subject
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import Invalid, TargetFailed


class Command(BaseCommand):
    """Traces one request in a target of its own."""

    help = "Trace one request of a lane: its thread hops, middleware stages and queries."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario")
        parser.add_argument("lane", metavar="VARIANT@SERVER")
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
            subject = make_subject(
                read_project(options),
                scenario=options["scenario"],
                lane=options["lane"],
                parameters=dict(options["set"]),
                timeout_s=options["timeout"],
            )
            check_writable("json", options["json"])
            check_writable("trace", options["trace"])
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        open_database()
        try:
            result = asyncio.run(trace(subject))
        except TargetFailed as error:
            raise CommandError(
                f"{error}\n{error.log_tail}".strip(), returncode=RUN_FAILED
            ) from None
        except asyncio.CancelledError:
            sys.exit(INTERRUPTED)
        self.print(result, options)

    def print(self, result: XrayResult, options: Mapping[str, Any]) -> None:
        """Print the drawing; write the JSON and the trace as requested."""
        if prints_table(options):
            self.draw(result)
        write_json(result.to_json(), options["json"])
        if options["trace"] is not None:
            title = f"{result.subject.lane} {result.subject.request}"
            write_file("trace", options["trace"], json.dumps(chrome_trace(result.xray, title)))

    def draw(self, result: XrayResult) -> None:
        """Print the request, the drawing, one sentence and the warnings."""
        subject = result.subject
        tries = result.traced.tries
        self.stdout.write(f"{subject.lane}: {subject.request}, answered {result.traced.status}")
        self.stdout.write(f"the fastest of {tries} traced requests\n\n" if tries > 1 else "\n")
        for line in draw_xray(result.xray, table_console().width):
            self.stdout.write(line)
        self.stdout.write(f"\n{result.sentence}")
        for warning in result.warnings:
            self.stdout.write(f"Warning: {warning}")


async def trace(subject: XraySubject) -> XrayResult:
    """Wait until no run is on, then X-ray. Ctrl-C ends the target; raises CancelledError."""
    task = asyncio.current_task()
    assert task is not None  # nosec B101 # noqa: S101 - asyncio.run has made one
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    return await RequestTracer(mark=mark, home=home(), cores=Cores.here()).trace_when_free(subject)
