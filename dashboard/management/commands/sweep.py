"""`manage.py sweep`: the same lanes at one load after the other, and where one gets ahead."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.core.management import BaseCommand

from dashboard.management.experiment_commands import (
    add_experiment_options,
    common,
    leave,
    perform,
    refuse,
)
from dashboard.management.options import check_writable, read_project
from dashboard.management.terminal.outputs import (
    print_left_out,
    prints_table,
    table_console,
    write_file,
    write_json,
)
from dashboard.management.terminal.tables import Column, fits, fitted
from dashboard.runs.experiments.sweep import USUAL_DURATION_S, make_sweep
from dashboard.runs.experiments.sweep_table import sweep_answer, sweep_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.last_lines import last_lines
from dashboard.wire.plan import MARGIN


class Command(BaseCommand):
    """Fires level after level, halves the bracket of each crossover, and names it."""

    help = "Fire lanes over a range of concurrency, rate or a parameter: where do they cross?"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract is in docs/commands.md."""
        add_experiment_options(parser)
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
        experiment, answer = perform(read_project(options), sweep.experiment_plan, sweep_answer)
        self.print(answer, options)
        leave(experiment)

    def print(self, answer: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """The table, and the JSON and the CSV where they were asked for."""
        if prints_table(options):
            print_sweep(answer)
        write_json(answer, options["json"])
        if options["csv"]:
            write_file("csv", options["csv"], sweep_csv(answer))


def print_sweep(answer: Mapping[str, Any]) -> None:
    """The table, or one for each lane where they do not fit beside each other; the sentence."""
    console = table_console()
    left_out: dict[str, None] = {}
    for title, columns in sweep_columns(answer, console.width):
        table, missing = fitted(title, columns, console.width)
        left_out.update(dict.fromkeys(missing))
        console.print(table)
    print_left_out(console, list(left_out))
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


def sweep_columns(answer: Mapping[str, Any], width: int) -> Iterator[tuple[str, list[Column]]]:
    """Yield the title and the columns of each table: a row a level, the lanes side by side."""
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


def _lane_columns(answer: Mapping[str, Any], name: str) -> Iterator[Column]:
    """Throughput and p95 of a lane, and how it compares with the baseline."""
    lanes = [lane for level in answer["levels"] for lane in level["lanes"] if lane["lane"] == name]
    rows = [lane_texts(lane) for lane in lanes]
    heads = ["requests/s", "p95", "ratio", "stands"]
    for position, (head, rank) in enumerate(zip(heads, (3, 4, 0, 2), strict=True)):
        if name == answer["baseline"] and position > 1:
            return
        cells = [row[position] for row in rows]
        yield Column(head, cells, rank, right=head != "stands", breaks=r" (?=\[)")


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
