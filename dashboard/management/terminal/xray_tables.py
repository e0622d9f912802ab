"""The middleware's bill, and the difference of two X-rays, as tables in the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from dashboard.analysis.text.numbers import milliseconds
from dashboard.analysis.xray.bill import MiddlewareCost
from dashboard.analysis.xray.difference import change_text, cost_text
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
    """Return a row for each part that differs, and one for the whole request."""
    difference = pair.difference
    rows = [
        (
            difference.label(each.part),
            *(cost_text(cost) for cost in (each.first, each.second)),
            change_text(each.change),
        )
        for each in difference.differing
    ]
    alike = len(difference.parts) - len(rows)
    if alike:
        rows.append((counted(alike, "other part"), "", "", "alike"))
    rows.append(("the whole request", *difference.whole_texts, change_text(difference.total)))
    headings = ("part", str(pair.first.subject.lane), str(pair.second.subject.lane), "difference")
    columns = zip(headings, zip(*rows, strict=True), strict=True)
    table, _ = fit_table(
        f"What {pair.second.subject.lane} does that {pair.first.subject.lane} does not",
        [
            Column(name, cells, right=False, breaks=LISTS if at else DOTS, name_breaks=NAMES)
            for at, (name, cells) in enumerate(columns)
        ],
        width,
    )
    return table
