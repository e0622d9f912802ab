"""Reads the CSV file of a scenario: each request uses the next row."""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from dashboard.wire.plural import counted

from .problems import Problems

MOST_ROWS = 10_000
MOST_BYTES = 5_000_000
COLUMN = re.compile(r"[A-Za-z_]\w*")


def read_rows(
    name: str | None, beside: Path, parameters: Collection[str], here: Problems
) -> tuple[Mapping[str, str], ...]:
    """Return the rows of a file, its name relative to the lab.toml; none without a name.

    The first line names the columns, which must differ from the names of the parameters.
    """
    if name is None:
        return ()
    try:
        rows = _parsed(beside / name)
    except (OSError, ValueError, csv.Error) as error:
        here.add(f"expected a CSV file in UTF-8, found: {error}")
        return ()
    if problem := _problem(rows, parameters):
        here.add(f"{name}: {problem}")
        return ()
    return tuple(rows)


def _parsed(path: Path) -> list[dict[str, str]]:
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES:,} bytes")
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file, strict=True))


def _problem(rows: list[dict[str, str]], parameters: Collection[str]) -> str | None:
    """Return what is wrong with the rows; None if nothing is."""
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
