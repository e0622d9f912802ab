"""Reading the CSV file of a scenario: what its requests ask for, one row after another."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from dashboard.wire.plural import counted

from .table import Table

MOST_ROWS = 10_000
MOST_BYTES = 5_000_000
COLUMN = re.compile(r"[A-Za-z_]\w*")


def read_rows(
    table: Table, beside: Path, parameters: Collection[str]
) -> tuple[Mapping[str, str], ...]:
    """The rows of the file that `rows` names, relative to the lab.toml; none without the key.

    The first line names the columns; none of them may be called as a parameter is.
    """
    name = table.optional_text("rows")
    if name is None:
        return ()
    try:
        found = _parsed(beside / name)
    except (OSError, ValueError, csv.Error) as error:
        table.complain("rows", f"expected a CSV file in UTF-8, found: {error}")
        return ()
    wrong = _wrong(found, parameters)
    if wrong:
        table.complain("rows", f"{name}: {wrong}")
        return ()
    return tuple(found)


def _parsed(path: Path) -> list[dict[str, str]]:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, strict=True))


def _wrong(rows: list[dict[str, str]], parameters: Collection[str]) -> str | None:
    """What is wrong with what was parsed, in words; None where nothing is."""
    if not 1 <= len(rows) <= MOST_ROWS:
        return f"expected a head and 1 to {MOST_ROWS:,} rows, found {len(rows):,}"
    for column in rows[0]:
        if not isinstance(column, str) or not COLUMN.fullmatch(column):
            return f"expected names of columns in the first line, found {column!r}"
        if column in parameters:
            return f"expected columns that are no parameters, found {column!r}"
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            return f"line {number}: expected {counted(len(rows[0]), 'value')}"
    return None
