"""`manage.py burst`: one run from the terminal, by the same conductor as those of the page."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser, BooleanOptionalAction
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.management import BaseCommand, CommandError
from rich.console import Console

from dashboard.analysis.report.expectations import Expectation, Judgement
from dashboard.analysis.text.markdown import markdown
from dashboard.database.opening import open_database
from dashboard.management.advice_option import add_advice, tested_advice
from dashboard.management.before_and_after import (
    add_version_options,
    before_and_after,
    check_versions,
    with_versions,
)
from dashboard.management.options import (
    BAD_USAGE,
    INTERRUPTED,
    NO_CHECKS,
    NOTHING_SUCCEEDED,
    RUN_FAILED,
    Options,
    add_numbers,
    add_project,
    check_writable,
    parameter_setting,
    read_project,
)
from dashboard.management.terminal.advice_lines import advice_lines
from dashboard.management.terminal.mix_tables import views_table
from dashboard.management.terminal.outputs import (
    print_left_out,
    print_log_tail,
    print_outcome,
    prints_table,
    stdout_is_stderr,
    table_console,
    write_file,
    write_json,
)
from dashboard.management.terminal.progress_lines import line_writer, print_queue_position, progress
from dashboard.management.terminal.result_table import result_notes, result_table
from dashboard.management.terminal.where_table import print_where
from dashboard.management.without_success import lanes_without_success, print_without_success
from dashboard.models import Run, Status
from dashboard.project.project import Project
from dashboard.runs.engines.engine_group import MAX_ENGINES
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.reports.results import report_on
from dashboard.runs.reports.samples import where_of
from dashboard.runs.reports.stored import stored_report
from dashboard.runs.sinks.sink import Sink
from dashboard.runs.wiring import set_up
from dashboard.state.home import home
from dashboard.wire.errors import Invalid, InvalidPlan, Problem
from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.load import out_of_bounds
from dashboard.wire.plan.plan import CLIENTS, ENGINE, Plan
from dashboard.wire.report.advice import AdviceUnderTest
from dashboard.wire.report.report import Report

EXPECTATION_FAILED = 1
Judged = list[tuple[str, Judgement]]  # an expectation's text, and its result
EXIT_STATUS = {Status.FINISHED: 0, Status.STOPPED: INTERRUPTED}


class Command(BaseCommand):
    """Fires a scenario's lanes round by round and prints the result."""

    help = "Fire one run and print its result."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario")
        parser.add_argument("--lane", action="append", default=[], metavar="VARIANT@SERVER")
        add_numbers(parser, *PLAN_FIELDS)
        parser.add_argument("--poisson", action="store_true", help="random arrivals, by --seed")
        parser.add_argument(
            "--until-sure", action="store_true", help="as many rounds as it takes, at most 40"
        )
        parser.add_argument(
            "--control", action="store_true", help="compare a lane with itself (A/A)"
        )
        parser.add_argument(
            "--neighbour",
            action=BooleanOptionalAction,
            default=True,
            help="bystander: a trickle of requests to an unrelated view during the load",
        )
        parser.add_argument(
            "--where",
            action="store_true",
            help="then fire once more at each lane, sampled: the lines that took the time",
        )
        parser.add_argument("--client", default=ENGINE, help=f"one of {', '.join(CLIENTS)}")
        parser.add_argument("--engines", type=int, help="number of load generator processes")
        parser.add_argument(
            "--set", action="append", default=[], type=parameter_setting, metavar="NAME=NUMBER"
        )
        add_advice(parser)
        add_project(parser)
        add_version_options(parser)
        parser.add_argument("--save", action=BooleanOptionalAction, default=True)
        parser.add_argument("--json", metavar="FILE|-")
        parser.add_argument("--markdown", metavar="FILE", help="a summary, for a pull request")
        parser.add_argument("--expect", action="append", default=[], metavar="EXPECTATION")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        expectations, project, plan = _checked(options)
        open_database()
        try:
            tested = tested_advice(options, project, plan)
        except InvalidPlan as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        engines = options["engines"]
        # No dashboard may have calibrated before. The calibration stored for all runs is that of
        # the usual number of engines.
        laboratory = set_up(project, home(), engines, calibrates_first=engines is None)
        console = Console(stderr=True)
        sink = progress(console)
        run, report = asyncio.run(_perform(laboratory, plan, console, sink, tested))
        if plan.where:
            report["where"] = where_of(run) or {"lanes": [], "missing": {}}
        if not options["save"]:
            Run.objects.filter(pk=run.pk).delete()
        if run.status != Status.FINISHED:
            print_outcome("run", run.status, run.problem)
        finished = run.status == Status.FINISHED
        unmeasured = lanes_without_success(report, expectations) if finished else []
        print_without_success(unmeasured)
        if prints_table(options):
            print_result(report, sink.warned.messages if stdout_is_stderr() else ())
            print_advice(advice_lines(run, report, project, saved=options["save"]))
        write_json(report, options["json"])
        judgements = self._judge(report, expectations) if finished else []
        if options["markdown"]:
            judged = [(text, judgement.holds) for text, judgement in judgements]
            write_file("markdown", options["markdown"], markdown(report, judged))
        print_log_tail(run.log_tail)
        sys.exit(_status(run, judgements, bool(unmeasured)))

    def _judge(self, report: Report, expectations: Sequence[Expectation]) -> Judged:
        """Judge each expectation by the report; print warnings and those that did not hold."""
        try:
            judgements = [
                (expectation.text, expectation.judge(report)) for expectation in expectations
            ]
        except Invalid as error:
            raise CommandError(str(error), returncode=BAD_USAGE) from None
        for text, judgement in judgements:
            if judgement.warning:
                self.stderr.write(judgement.warning)
            if not judgement.holds:
                self.stderr.write(f"Expectation did not hold: {text}")
        return judgements


def _checked(options: Options) -> tuple[list[Expectation], Project, Plan]:
    """Return what the options describe. Raises CommandError (bad usage) if it is not valid."""
    try:
        expectations = [Expectation.parse(text) for text in options["expect"]]
        project = with_versions(read_project(options), options)
        plan = _plan(project, options)
        _check_engines(options["engines"])
        _check_expectations(expectations, plan)
        check_versions(project, plan)
        check_writable("json", options["json"])
        check_writable("markdown", options["markdown"])
    except Invalid as error:
        raise CommandError(str(error), returncode=BAD_USAGE) from None
    return expectations, project, plan


def _status(run: Run, judgements: Judged, unmeasured: bool) -> int:
    if run.status != Status.FINISHED:
        return EXIT_STATUS.get(Status(run.status), RUN_FAILED)
    if not all(judgement.holds for _, judgement in judgements):
        return EXPECTATION_FAILED
    return NOTHING_SUCCEEDED if unmeasured else 0


def print_result(report: Report, printed_warnings: Collection[str]) -> None:
    """Print the table, unless nothing was measured, the notes below it, and the sampled lines."""
    console = table_console()
    if any(lane["requests"] for lane in report["lanes"]):
        table, left_out = result_table(report, console.width)
        console.print(table)
        print_left_out(console, left_out)
        print_views(console, report)
    for note in result_notes(report, printed_warnings):
        console.print(note, highlight=False, markup=False)
    if "where" in report:
        print_where(console, report["where"])


def print_views(console: Console, report: Report) -> None:
    """Print the views of a mix, and what each of them shows."""
    if "mixed_views" in report:
        table, left_out = views_table(report, console.width)
        console.print(table)
        print_left_out(console, left_out)
        for view in report["mixed_views"]:
            if view["sentence"]:
                console.print(view["sentence"], highlight=False, markup=False)


def print_advice(lines: Iterable[str]) -> None:
    """Print *Try*; its commands are not wrapped, so that they can be copied."""
    console = table_console()
    for line in lines:
        console.print(line, highlight=False, markup=False, soft_wrap=True)


def _plan(project: Project, options: Options) -> Plan:
    return make_plan(
        project,
        scenario=options["scenario"],
        lanes=_lanes(project, options),
        requests=options["requests"],
        concurrency=options["concurrency"],
        rate_rps=options["rate"],
        duration_s=options["duration"],
        poisson=options["poisson"],
        rounds=options["rounds"],
        seed=options["seed"],
        parameters=dict(options["set"]),
        timeout_s=options["timeout"],
        client=options["client"],
        until_sure=options["until_sure"],
        limit_s=options["limit"],
        control=options["control"],
        margin=options["margin"],
        bystander=options["neighbour"],
        where=options["where"],
        send_kb_per_s=options["send_kb_per_s"],
        every_s=options["every"],
    )


def _lanes(project: Project, options: Options) -> Sequence[str]:
    """Return the lanes named; with versions these, or the scenario's own, before and after."""
    scenario = project.scenarios.get(options["scenario"])
    if options["before"] is None or scenario is None:
        lanes: Sequence[str] = options["lane"]
        return lanes
    return before_and_after(options["lane"] or [str(lane) for lane in scenario.lanes])


def _check_engines(engines: int | None) -> None:
    """Raise InvalidPlan for an impossible number; None means one per core of their share."""
    if engines is not None and not 1 <= engines <= MAX_ENGINES:
        raise InvalidPlan(out_of_bounds("engines", 1, MAX_ENGINES, engines))


def _check_expectations(expectations: Sequence[Expectation], plan: Plan) -> None:
    """Raise InvalidPlan for a lane that is not fired, or a metric that does not exist."""
    lanes = [str(lane) for lane in plan.lanes]
    for expectation in expectations:
        if unknown := expectation.lanes.difference(lanes):
            expected = f"expected a lane of {', '.join(lanes)}, found {', '.join(unknown)}"
            raise InvalidPlan(Problem("expect", expected))
        expectation.check_metrics()


async def _perform(
    laboratory: Laboratory,
    plan: Plan,
    console: Console,
    sink: Sink,
    tested: AdviceUnderTest | None,
) -> tuple[Run, Report]:
    """Perform the run; Ctrl-C stops it, and what was measured is kept."""
    run = await laboratory.start(plan, [sink], tested_advice=tested)
    queue_lines = asyncio.create_task(print_queue_position(run, line_writer(console)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, lambda: asyncio.ensure_future(laboratory.stop(run)))
    try:
        await laboratory.outcome(run)
    finally:
        queue_lines.cancel()
        await laboratory.close()
    await run.arefresh_from_db()
    return run, stored_report(run) or await report_on(run)
