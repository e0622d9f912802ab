"""The views of a mix in the terminal: those of one run."""

from __future__ import annotations

from rich.table import Table

from dashboard.analysis.text.numbers import milliseconds, percent
from dashboard.wire.report.report import Report
from dashboard.wire.report.views import ViewLaneReport

from .tables import NAMES, Column, fit_table

UNKNOWN = "–"


def views_table(report: Report, width: int) -> tuple[Table, list[str]]:
    """Return a row for each view of a mix, and the columns there was no room for."""
    views = report["mixed_views"]
    return fit_table(
        f"{report['scenario']}: p95 of each view",
        [
            Column("view", [view["view"] for view in views], right=False, breaks=r"(?<=[.-])"),
            Column("share", [percent(view["share"]) for view in views], rank=1),
            *(
                Column(
                    lane["lane"],
                    [_cell(view["lanes"][position]) for view in views],
                    name_breaks=NAMES,
                )
                for position, lane in enumerate(report["lanes"])
            ),
        ],
        width,
    )


def _cell(lane: ViewLaneReport) -> str:
    p95_ms, failed = lane["latency_ms"]["p95"], lane["requests"] - lane["ok"]
    text = UNKNOWN if p95_ms is None else milliseconds(p95_ms)
    return f"{text}, {failed:,} failed" if failed else text
