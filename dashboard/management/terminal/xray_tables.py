"""The middleware's bill, and the difference of two X-rays, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rich.table import Table

from dashboard.analysis.text.numbers import milliseconds
from dashboard.analysis.xray.bill import MiddlewareCost
from dashboard.runs.xray.pair import XrayPair
from dashboard.wire.plural import counted

from .tables import NAMES, Column, fit_table

DOTS = r"(?<=\.)|(?<=› )"  # where the name of a part may be broken
LISTS = r"(?<=,) "


def bill_table(bill: Sequence[MiddlewareCost], width: int) -> Table:
    """Return a row for each middleware of a request, outermost first."""
    n = max(len(entry.own_ns) for entry in bill)
    table, _ = fit_table(
        "Middleware, outermost first",
        [
            Column("middleware", [entry.name for entry in bill], right=False, breaks=DOTS),
            Column("can be called as", [entry.kind for entry in bill], right=False, rank=2),
            Column("ran as", [entry.ran_as for entry in bill], right=False, rank=1),
            Column("hops", [str(entry.cost.hops) for entry in bill]),
            Column("queries", [str(entry.cost.queries) for entry in bill], rank=3),
            Column(f"own time (median of {n})", [milliseconds(entry.own_ms) for entry in bill]),
        ],
        width,
    )
    return table


def difference_table(pair: XrayPair, width: int) -> Table:
    """Return a row for the whole request and one for each part that differs."""
    difference = pair.difference
    rows = list(difference.rows)
    if difference.alike:
        rows.append((counted(difference.alike, "other part"), "", "", "alike"))
    first, second = pair.first.subject.lane, pair.second.subject.lane
    headings = ("part", str(first), str(second), "difference")
    columns = [
        Column(name, cells, right=False, breaks=LISTS, name_breaks=NAMES)
        for name, cells in zip(headings, zip(*rows, strict=True), strict=True)
    ]
    parts = replace(columns[0], breaks=DOTS)
    table, _ = fit_table(f"{second} against {first}", [parts, *columns[1:]], width)
    return table
