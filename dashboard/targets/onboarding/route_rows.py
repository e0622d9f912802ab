"""Values for the parameters of a project's routes, from its database, as files for a draft."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from dashboard.project.secrets.masking import masked
from dashboard.wire.plural import counted

from .inspector_answer import RowsEntry
from .route import Route, RouteRows

MOST_ROWS = 100
ROWS_DIRECTORY = "lab-rows"  # beside the draft


@dataclass(frozen=True)
class RowsFile:
    """A CSV file for a draft: its name relative to the draft, and its text."""

    name: str
    text: str


def with_rows(routes: Sequence[Route], entries: Sequence[RowsEntry]) -> tuple[Route, ...]:
    """Return the routes, those with parameters with their rows or the reason for none."""
    by_path = {entry["path"]: entry for entry in entries}
    taken: set[str] = set()
    return tuple(_with_rows(route, by_path, taken) for route in routes)


def rows_files(routes: Sequence[Route]) -> list[RowsFile]:
    """Return the files to which the drafted routes refer."""
    return [
        RowsFile(route.rows.file, csv_text(route.rows.columns, route.rows.values))
        for route in routes
        if route.rows is not None
    ]


def rows_summary(routes: Sequence[Route]) -> str:
    """Return how many routes got rows, in a sentence."""
    with_parameters = [route for route in routes if route.parameters and not route.regex]
    got = sum(route.rows is not None for route in with_parameters)
    return (
        f"Rows: {got} of {counted(len(with_parameters), 'route')} with parameters got values from"
        f" the project's database, at most {MOST_ROWS} each; it was only read."
    )


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a CSV file with a head."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue()


def file_name(text: str, taken: set[str]) -> str:
    """Return a name for a CSV file that is not in `taken`, and add it there."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    base = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60] or "rows"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    taken.add(name)
    return f"{name}.csv"


def _with_rows(route: Route, by_path: Mapping[str, RowsEntry], taken: set[str]) -> Route:
    entry = by_path.get(route.path)
    if entry is None:
        return route
    if not entry["rows"]:
        return replace(route, no_rows=masked(entry["reason"] or ""))
    values = tuple(tuple(row) for row in entry["rows"])
    file = f"{ROWS_DIRECTORY}/{file_name(re.sub('<(?:[^>:]+:)?', '', route.path), taken)}"
    return replace(route, rows=RouteRows(file, tuple(route.parameters), values))
