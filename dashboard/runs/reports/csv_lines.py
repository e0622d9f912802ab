"""Lines of CSV in which no cell is a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# Spreadsheets evaluate a cell that begins so, full-width forms included, unless it is a number.
_BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as lines of CSV (RFC 4180). None is an empty cell, numbers are unrounded.

    A text that a spreadsheet would evaluate begins with an apostrophe, which it does not show.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, str) and value[:1] in _BEGINS_FORMULA and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
