"""`manage.py sweep`: the same lanes at one load after the other, and where one gets ahead."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand
from rich.table import Table

from dashboard.management.experimenting import (
    add_common,
    common,
    leave,
    perform,
    refuse,
    table_console,
    write_json,
)
from dashboard.management.options import check_writable, read_project
from dashboard.runs.sweep import USUAL_DURATION_S, make_sweep
from dashboard.runs.sweep_table import sweep_answer, sweep_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.last_lines import last_lines
from dashboard.wire.plan import MARGIN


class Command(BaseCommand):
    """Fires level after level, halves the bracket of each crossover, and names it."""

    help = "Fire lanes over a range of concurrency, rate or a parameter: where do they cross?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract is in docs/commands.md."""
        add_common(parser)
        parser.add_argument(
            "--over",
            required=True,
            metavar="NAME=LOW..HIGH",
            help="concurrency=1..512, rate=10..500, or a parameter of the scenario",
        )
        parser.add_argument("--lane", action="append", default=[], metavar="VARIANT@SERVER")
        parser.add_argument("--levels", type=int, help="in geometric steps; about doubling if none")
        parser.add_argument("--duration", type=float, help=f"of a rate; {USUAL_DURATION_S:g} s")
        parser.add_argument("--margin", type=float, default=MARGIN, help="0.03 is 3 %%")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and leave with the status that the contract promises."""
        try:
            sweep = make_sweep(
                read_project(options),
                over=options["over"],
                lanes=options["lane"],
                levels=options["levels"],
                duration_s=options["duration"],
                margin=options["margin"],
                **common(options),
            )
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise refuse(error) from None
        experiment, answer = perform(read_project(options), sweep.inquiry, sweep_answer)
        self.print(answer, options)
        leave(experiment)

    def print(self, answer: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """The table or the JSON, and the CSV beside it where it was asked for."""
        if options["csv"]:
            Path(options["csv"]).write_text(sweep_csv(answer), encoding="utf-8")
        if options["json"]:
            write_json(answer, options["json"])
            return
        console = table_console()
        console.print(sweep_table(answer))
        for note in sweep_notes(answer):
            console.print(note, highlight=False, markup=False)


def sweep_notes(answer: Mapping[str, Any]) -> list[str]:
    """The sentence, and why levels failed, each with the log's last lines."""
    reasons = [
        "\n    ".join([f"{level['words']}: {level['problem']}", *last_lines(level["log_tail"])])
        for level in answer["levels"]
        if level["problem"]
    ]
    return [*filter(None, [answer["sentence"]]), *reasons]


def sweep_table(answer: Mapping[str, Any]) -> Table:
    """A row a level: throughput and p95 of each lane, and where it stands."""
    table = Table(title=f"{answer['scenario']} over {answer['over']['name']}")
    table.add_column(answer["over"]["name"], justify="right")
    for lane in answer["lanes"]:
        table.add_column(f"{lane}\nrequests/s", justify="right")
        table.add_column("\np95", justify="right")
        if lane != answer["baseline"]:
            table.add_column("\nratio", justify="right")
            table.add_column("\nstands")
    for level in answer["levels"]:
        cells = [text for lane in level["lanes"] for text in lane_texts(lane)]
        table.add_row(f"{level['at']:.4g}", *cells)
    return table


def lane_texts(lane: Mapping[str, Any]) -> list[str]:
    """The cells of one lane at one level."""
    texts = [_text(lane["throughput_rps"], "{:.1f}"), _text(lane["p95_ms"], "{:.1f} ms")]
    if lane["standing"] == "baseline":
        return texts
    ratio = _text(lane["ratio"], "{:.3f}")
    if lane["interval"]:
        ratio += " [{:.3f}, {:.3f}]".format(*lane["interval"])
    return [*texts, ratio, lane["standing"]]


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
