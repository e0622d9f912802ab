"""`manage.py matrix`: each variant at each server, one table."""

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
from dashboard.runs.matrix import make_matrix
from dashboard.runs.matrix_table import matrix_answer, matrix_csv
from dashboard.wire.errors import Invalid
from dashboard.wire.last_lines import last_lines


class Command(BaseCommand):
    """Fires variants × servers and says which is how far from the baseline."""

    help = "Compare every variant of a scenario under every server."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract is in docs/commands.md."""
        add_common(parser)
        parser.add_argument("--variant", action="append", default=[], metavar="VARIANT")
        parser.add_argument("--server", action="append", default=[], metavar="SERVER[:SETTINGS]")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and leave with the status that the contract promises."""
        try:
            project = read_project(options)
            asked = common(options)
            matrix = make_matrix(
                project, variants=options["variant"], servers=options["server"], **asked
            )
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise refuse(error) from None
        experiment, answer = perform(project, matrix.inquiry, matrix_answer)
        self.print(answer, options)
        leave(experiment)

    def print(self, answer: Mapping[str, Any], options: Mapping[str, Any]) -> None:
        """The table or the JSON, and the CSV beside it where it was asked for."""
        if options["csv"]:
            Path(options["csv"]).write_text(matrix_csv(answer), encoding="utf-8")
        if options["json"]:
            write_json(answer, options["json"])
            return
        console = table_console()
        console.print(matrix_table(answer))
        for note in matrix_notes(answer):
            console.print(note, highlight=False, markup=False)


def matrix_table(answer: Mapping[str, Any]) -> Table:
    """A row a variant, a column a server: makespan, and the ratio to the baseline."""
    table = Table(title=f"{answer['scenario']}: makespan, and ratio to {answer['baseline']}")
    table.add_column("variant", no_wrap=True)
    for server in answer["servers"]:
        table.add_column(server, justify="right")
    for variant in answer["variants"]:
        row = [cell for cell in answer["cells"] if cell["variant"] == variant]
        table.add_row(variant, *(cell_text(cell) for cell in row))
    return table


def cell_text(cell: Mapping[str, Any]) -> str:
    """*1.31 s, 1.00×*; or why there is no number."""
    if cell["state"] != "measured":
        return str(cell["state"])
    makespan = "–" if cell["makespan_s"] is None else f"{cell['makespan_s']:.3f} s"
    ratio = f"{cell['ratio']:.2f}×" if cell["ratio"] else str(cell["answer"])
    return f"{makespan}\n{ratio}"


def matrix_notes(answer: Mapping[str, Any]) -> list[str]:
    """The sentence, and why cells are empty: each reason once, with the log's last lines."""
    why: dict[tuple[str, str], list[str]] = {}
    for cell in answer["cells"]:
        if cell["why"]:
            why.setdefault((cell["why"], cell["log_tail"]), []).append(cell["lane"])
    reasons = [
        "\n    ".join([f"{', '.join(lanes)}: {reason}", *last_lines(log_tail)])
        for (reason, log_tail), lanes in why.items()
    ]
    return [*filter(None, [answer["sentence"]]), *reasons]
