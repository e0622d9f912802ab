"""`manage.py matrix`: each variant at each server, in one table."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.core.management import BaseCommand
from rich.table import Table

from dashboard.analysis.text.numbers import faster_or_slower, seconds_of
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
    table_console,
    write_results,
)
from dashboard.management.terminal.tables import NAMES, Column, split_tables
from dashboard.runs.experiments.matrix import make_matrix
from dashboard.runs.experiments.matrix_table import matrix_answer, matrix_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.experiments.matrix import MatrixAnswer, MatrixCell
from dashboard.wire.last_lines import last_lines


class Command(BaseCommand):
    """Fires variants × servers and prints the ratio of each to the baseline."""

    help = "Compare every variant of a scenario under every server."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        add_experiment_options(parser)
        parser.add_argument("--variant", action="append", default=[], metavar="VARIANT")
        parser.add_argument("--server", action="append", default=[], metavar="SERVER[:SETTINGS]")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        try:
            project = read_project(options)
            arguments = experiment_arguments(options)
            matrix = make_matrix(
                project, variants=options["variant"], servers=options["server"], **arguments
            )
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise usage_error(error) from None
        experiment, answer = run_experiment(project, matrix.experiment_plan, matrix_answer)
        write_results(options, partial(print_matrix, answer), answer, partial(matrix_csv, answer))
        exit_with_status(experiment)
        exit_if_nothing_succeeded(answer["cells"])


def print_matrix(answer: MatrixAnswer) -> None:
    """Print the table, its sentence, and why cells are empty."""
    console = table_console()
    for table in matrix_tables(answer, console.width):
        console.print(table)
    for note in matrix_notes(answer):
        console.print(note, highlight=False, markup=False)


def matrix_tables(answer: MatrixAnswer, width: int) -> Iterator[Table]:
    """Yield a row per variant, a column per server, in as many tables as the terminal needs.

    A cell has the total time and its ratio to the baseline.
    """
    variants = answer["variants"]
    cells = {(cell["variant"], cell["server"]): cell_text(cell) for cell in answer["cells"]}
    yield from split_tables(
        f"{answer['scenario']}: total time, and ratio to {answer['baseline']}",
        [
            Column("variant", variants, right=False, breaks="(?<=-)"),
            *(
                Column(
                    server,
                    [cells[variant, server] for variant in variants],
                    name_breaks=f"{NAMES}|(?<=[-,])",
                )
                for server in answer["servers"]
            ),
        ],
        width,
    )


def cell_text(cell: MatrixCell) -> str:
    """Return *180 ms, 7.3× faster* on two lines, or the cell's state if it was not measured."""
    if cell["state"] != "measured":
        return str(cell["state"])
    total_time = "–" if cell["makespan_s"] is None else seconds_of(cell["makespan_s"])
    ratio = str(cell["answer"])
    if cell["ratio"] and cell["answer"] != "baseline":
        ratio = faster_or_slower(cell["ratio"])
    doubtful = " (!)" if cell["ratio"] and cell["why"] else ""
    return f"{total_time}\n{ratio}{doubtful}"


def matrix_notes(answer: MatrixAnswer) -> list[str]:
    """Return the sentence, and each reason for empty cells once, with the log's last lines."""
    why: dict[tuple[str, str], list[str]] = {}
    for cell in answer["cells"]:
        if cell["why"]:
            why.setdefault((cell["why"], cell["log_tail"]), []).append(cell["lane"])
    reasons = [
        "\n    ".join([f"{', '.join(lanes)}: {reason}", *last_lines(log_tail)])
        for (reason, log_tail), lanes in why.items()
    ]
    return [*filter(None, [answer["sentence"]]), *reasons]
