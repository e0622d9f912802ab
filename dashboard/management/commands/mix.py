"""`manage.py mix`: several views as one load, and who slows whom down."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management import BaseCommand
from rich.table import Table

from dashboard.analysis.text.mix import disturbed_text, shown
from dashboard.analysis.text.numbers import milliseconds, percent, times
from dashboard.management.experiment_commands import (
    exit_if_nothing_succeeded,
    exit_with_status,
    run_experiment,
    usage_error,
)
from dashboard.management.options import (
    NO_CHECKS,
    Options,
    add_numbers,
    add_project,
    check_writable,
    read_project,
)
from dashboard.management.terminal.outputs import (
    prints_table,
    table_console,
    write_file,
    write_json,
)
from dashboard.management.terminal.tables import Column, split_tables
from dashboard.runs.experiments.mix import BLOCKS, make_mix
from dashboard.runs.experiments.mix_table import mix_answer, mix_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.experiments.mix import MixAnswer, MixedViewAnswer, Slowdown


class Command(BaseCommand):
    """Fires a mix, and each of its views alone, block by block, and prints both."""

    help = "Fire several views as one load, and each alone: who slows whom down?"
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario", metavar="MIX", help="a [mix.NAME] of the lab.toml")
        parser.add_argument("--lane", action="append", default=[], metavar="mix@SERVER")
        add_numbers(parser, "rate", "duration", "seed", "timeout")
        parser.add_argument(
            "--blocks", type=int, default=BLOCKS, help="how often each is fired (default: 5)"
        )
        parser.add_argument(
            "--leave-out",
            action="store_true",
            help="also fire the mix without each view: which one slows the others down?",
        )
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-")
        parser.add_argument("--csv", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        try:
            project = read_project(options)
            experiment_plan = make_mix(
                project,
                scenario=options["scenario"],
                lanes=options["lane"],
                blocks=options["blocks"],
                leave_out=options["leave_out"],
                rate_rps=options["rate"],
                duration_s=options["duration"],
                seed=options["seed"],
                timeout_s=options["timeout"],
            ).experiment_plan
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise usage_error(error) from None
        experiment, answer = run_experiment(project, experiment_plan, mix_answer)
        self.print(answer, options)
        exit_with_status(experiment)
        exit_if_nothing_succeeded(answer["cells"])

    def print(self, answer: MixAnswer, options: Options) -> None:
        """Print the tables; write the JSON and the CSV as requested."""
        if prints_table(options):
            print_mix(answer)
        write_json(answer, options["json"])
        if options["csv"]:
            write_file("csv", options["csv"], mix_csv(answer))


def print_mix(answer: MixAnswer) -> None:
    """Print a table for each lane, and the sentence."""
    console = table_console()
    for table in mix_tables(answer, console.width):
        console.print(table)
    for text in filter(None, [answer["sentence"], disturbed_text(answer)]):
        console.print(text, highlight=False, markup=False)


def mix_tables(answer: MixAnswer, width: int) -> Iterator[Table]:
    """Yield a table for each lane, a row per view: its p95 in the mix, alone, without others."""
    for lane in answer["lanes"]:
        cells = [cell for cell in answer["cells"] if cell["lane"] == lane["lane"]]
        others = list(
            dict.fromkeys(
                slowdown["without"]
                for cell in cells
                for slowdown in cell["slowdowns"]
                if slowdown["without"]
            )
        )
        bystander = _ms(lane["bystander_p95_ms"])
        yield from split_tables(
            f"{answer['scenario']} at {lane['server']}: p95; bystander beside the mix: {bystander}",
            [
                Column("view", [cell["view"] for cell in cells], right=False, breaks=r"(?<=[.-])"),
                Column("share", [percent(cell["share"]) for cell in cells]),
                Column("in the mix", [_ms(cell["p95_ms"]) for cell in cells]),
                Column("alone", [_slowdown(cell, None) for cell in cells]),
                *(
                    Column(f"without {other}", [_slowdown(cell, other) for cell in cells])
                    for other in others
                ),
                Column("bystander, alone", [_ms(cell["bystander_p95_ms"]) for cell in cells]),
            ],
            width,
        )


def _slowdown(cell: MixedViewAnswer, other: str | None) -> str:
    """Return *12 ms*, and below it how much longer the mix takes where that was shown."""
    slowdowns: list[Slowdown] = [each for each in cell["slowdowns"] if each["without"] == other]
    if not slowdowns:
        return "–"
    text = _ms(slowdowns[0]["p95_ms"])
    ratio = slowdowns[0]["ratio"]
    return f"{text}\nmix {times(ratio)}×" if ratio and shown(slowdowns[0]) else text


def _ms(value: float | None) -> str:
    return "–" if value is None else milliseconds(value)
