"""`manage.py sweep`: the same lanes at one load after the other, and where they cross."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from django.core.management import BaseCommand

from dashboard.analysis.text.numbers import milliseconds, with_ends
from dashboard.management.experiment_commands import (
    add_experiment_options,
    exit_if_nothing_succeeded,
    exit_with_status,
    experiment_arguments,
    run_experiment,
    usage_error,
)
from dashboard.management.options import NO_CHECKS, check_writable, read_project
from dashboard.management.terminal.outputs import (
    print_left_out,
    table_console,
    write_results,
)
from dashboard.management.terminal.tables import Column, fit_table, fits
from dashboard.runs.experiments.sweep import USUAL_DURATION_S, make_sweep
from dashboard.runs.experiments.sweep_table import sweep_answer, sweep_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.experiments.sweep import LevelLane, SweepAnswer
from dashboard.wire.last_lines import last_lines
from dashboard.wire.plan.plan import MARGIN


class Command(BaseCommand):
    """Fires level after level, narrows down each crossover by bisection, and prints it."""

    help = "Fire lanes over a range of concurrency, rate or a parameter: where do they cross?"
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        add_experiment_options(parser)
        parser.add_argument(
            "--over",
            required=True,
            metavar="NAME=LOW..HIGH",
            help="concurrency=1..512, rate=10..500, or a parameter of the scenario",
        )
        parser.add_argument("--lane", action="append", default=[], metavar="VARIANT@SERVER")
        parser.add_argument("--levels", type=int, help="number of levels (default: about doubling)")
        parser.add_argument(
            "--duration", type=float, help=f"of each rate (default: {USUAL_DURATION_S:g} s)"
        )
        parser.add_argument("--margin", type=float, default=MARGIN, help="0.03 is 3 %%")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        try:
            sweep = make_sweep(
                read_project(options),
                over=options["over"],
                lanes=options["lane"],
                levels=options["levels"],
                duration_s=options["duration"],
                margin=options["margin"],
                **experiment_arguments(options),
            )
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise usage_error(error) from None
        experiment, answer = run_experiment(
            read_project(options), sweep.experiment_plan, sweep_answer
        )
        write_results(options, partial(print_sweep, answer), answer, partial(sweep_csv, answer))
        exit_with_status(experiment)
        exit_if_nothing_succeeded(lane for level in answer["levels"] for lane in level["lanes"])


def print_sweep(answer: SweepAnswer) -> None:
    """Print the table, or one for each lane if they do not fit side by side, and the sentence."""
    console = table_console()
    left_out: dict[str, None] = {}
    for title, columns in sweep_columns(answer, console.width):
        table, missing = fit_table(title, columns, console.width)
        left_out.update(dict.fromkeys(missing))
        console.print(table)
    print_left_out(console, list(left_out))
    for note in sweep_notes(answer):
        console.print(note, highlight=False, markup=False)


def sweep_notes(answer: SweepAnswer) -> list[str]:
    """Return the sentence, and why levels failed, each with the log's last lines."""
    reasons = [
        "\n    ".join([f"{level['words']}: {level['problem']}", *last_lines(level["log_tail"])])
        for level in answer["levels"]
        if level["problem"]
    ]
    return [*filter(None, [answer["sentence"]]), *reasons]


def sweep_columns(answer: SweepAnswer, width: int) -> Iterator[tuple[str, list[Column]]]:
    """Yield the title and the columns of each table: a row per level, the lanes side by side."""
    title = f"{answer['scenario']} over {answer['over']['name']}"
    levels = [f"{level['at']:.4g}" for level in answer["levels"]]
    key = Column(answer["over"]["name"], levels, name_breaks="(?<=_)")
    lanes = {lane: list(_lane_columns(answer, lane)) for lane in answer["lanes"]}
    together = [
        replace(column, name=f"{lane if first else ''}\n{column.name}")
        for lane, columns in lanes.items()
        for first, column in zip((True, *(False for _ in columns)), columns, strict=False)
    ]
    if fits([key, *together], width):
        yield title, [key, *together]
        return
    for lane, columns in lanes.items():
        yield f"{title}: {lane}", [key, *columns]


def _lane_columns(answer: SweepAnswer, name: str) -> Iterator[Column]:
    """Yield a lane's throughput and p95, and how it compares with the baseline."""
    lanes = [lane for level in answer["levels"] for lane in level["lanes"] if lane["lane"] == name]
    rows = [lane_texts(lane) for lane in lanes]
    headings = ["requests/s", "p95", "ratio", "result"]
    for position, (heading, rank) in enumerate(zip(headings, (3, 4, 0, 2), strict=True)):
        if name == answer["baseline"] and position > 1:
            return
        cells = [row[position] for row in rows]
        yield Column(heading, cells, rank, right=heading != "result", breaks=r" (?=\()")


def lane_texts(lane: LevelLane) -> list[str]:
    """Return the cells of one lane at one level."""
    p95 = "–" if lane["p95_ms"] is None else milliseconds(lane["p95_ms"])
    texts = [_text(lane["throughput_rps"], "{:.1f}"), p95]
    if lane["standing"] == "baseline":
        return texts
    if lane["ratio"] is None:
        return [*texts, "–", lane["standing"]]
    ratio, ends = with_ends(lane["ratio"], lane["interval"])
    return [*texts, f"{ratio} ({ends})" if ends else ratio, lane["standing"]]


def _text(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
