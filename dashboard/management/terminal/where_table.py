"""Where lanes spent their time, in the terminal: a table of lines for each lane, notes below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS, share_text
from dashboard.analysis.text.numbers import milliseconds
from dashboard.analysis.text.sampler import sampler_text
from dashboard.analysis.where.times import total_ms
from dashboard.wire.plural import counted
from dashboard.wire.report.where import (
    STATES,
    LaneWhere,
    Line,
    State,
    WhereReport,
)

from .outputs import print_left_out
from .tables import Column, fit_table

MOST_LINES = 10
MOST_CHARACTERS = 44  # of a line of source
PLACES = r"(?<=/)(?=\w)"  # where the text of the first column may be broken


def print_where(console: Console, report: WhereReport) -> None:
    """Print the table and the notes of each lane, and why others have none."""
    for lane in report["lanes"]:
        if lane["lines"]:
            table, left_out = where_table(lane, console.width)
            console.print(table)
            print_left_out(console, left_out)
        for note in where_notes(lane):
            console.print(note, highlight=False, markup=False)
    for name, reason in report["missing"].items():
        console.print(f"{name}: not sampled. {reason}", highlight=False, markup=False)


def where_table(lane: LaneWhere, width: int) -> tuple[Table, list[str]]:
    """Return a lane's lines as a table, and the columns there was no room for."""
    lines, whole_ms = lane["lines"][:MOST_LINES], total_ms(lane["ms"]) or 1.0
    states = [state for state in STATES if any(line["ms"][state] for line in lines)]
    columns = [
        Column("line", [_place(line) for line in lines], right=False, breaks=PLACES),
        Column("call", [line["leaf"] for line in lines], rank=1, right=False, breaks=r"(?<=\.)"),
        Column("share", [share_text(total_ms(line["ms"]) / whole_ms) for line in lines]),
        *(_state_column(state, lines, whole_ms) for state in states),
        Column("time", [milliseconds(total_ms(line["ms"])) for line in lines], rank=3),
        Column("requests", [f"{line['requests']:,}" for line in lines], rank=2),
    ]
    return fit_table(f"{lane['lane']}: where its time was spent", columns, width)


def where_notes(lane: LaneWhere) -> Iterator[str]:
    """Yield what belongs below the table: its sums, how the sampler did, what it could not see."""
    whole_ms = total_ms(lane["ms"])
    requests = counted(lane["requests"], "request")
    if whole_ms <= 0:
        yield f"{lane['lane']}: nothing was seen: no request was in a view when it was looked at."
    else:
        yield f"{lane['lane']}: {milliseconds(whole_ms)} in views and middleware, {requests}."
    if len(lane["lines"]) > MOST_LINES:
        more = counted(len(lane["lines"]) - MOST_LINES, "more line")
        yield f"{more} with less time: --json FILE has them."
    yield sampler_text(lane["sampler"])
    for limit in lane["sampler"]["limits"]:
        yield f"Limit: {limit}"


def _place(line: Line) -> str:
    """Return path, line and function, and below them the line itself if its file was read."""
    place = f"{line['path']}:{line['line']} {line['function']}"
    source = _source_of(line)
    return f"{place}\n  {source}" if source else place


def _source_of(line: Line) -> str:
    at = line["line"] - line["source_from"]
    text = line["source"][at].strip() if 0 <= at < len(line["source"]) else ""
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"


def _state_column(state: State, lines: Sequence[Line], whole_ms: float) -> Column:
    """Return the share of the lane's time that each line spent in a state; empty for none."""
    cells = [
        share_text(line["ms"][state] / whole_ms) if line["ms"][state] else "" for line in lines
    ]
    return Column(STATE_CAPTIONS[state], cells, rank=4)
