"""Exports every sample as a line of CSV, for a spreadsheet, R or pandas."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.models import Run
from dashboard.runs.reports.csv_lines import csv_lines
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import COLUMNS, NO_VIEW, UNKNOWN, Frame
from dashboard.wire.units import NS_PER_MS

from .samples import counts, sample_frames

TIMES = [name for name, kind in COLUMNS["samples"].items() if kind == "i8"]
HEAD = [
    *("lane", "round", "counts", "request"),
    *(f"{name}_ms" for name in TIMES),
    *("response_ms", "service_ms", "status", "error", "process", "view"),
]


def csv_pieces(run: Run) -> Iterator[str]:
    """Yield the heading, then the lines of each frame; unknown values are empty.

    Instants are milliseconds since the round's firing began at that lane, to the nanosecond.
    """
    names = [lane.name for lane in run.lanes.all()]
    yield csv_lines([HEAD])
    for decoded in sample_frames(run):
        yield csv_lines(_rows(decoded, names[decoded.lane], counts(run, decoded)))


def _rows(decoded: Frame, lane: str, counted: bool) -> Iterator[list[object]]:
    columns = decoded.columns
    times = [columns[name] for name in TIMES]
    due, sent, done = (columns[name] for name in ("due", "sent_first", "done"))
    for at in range(decoded.rows):
        status, error = columns["status"][at], columns["error"][at]
        yield [
            *(lane, decoded.round, "yes" if counted else "no", columns["request"][at]),
            *(_milliseconds(column[at]) for column in times),
            _milliseconds(done[at] - due[at]),
            _milliseconds(done[at] - sent[at]) if sent[at] != UNKNOWN else "",
            status or "",
            failure_name(error, status) if error != Failure.NONE else "",
            columns["process"][at] if columns["process"][at] != UNKNOWN else "",
            _view(columns["view_entered"][at]),
        ]


def _view(entered: int) -> str:
    """Return whether Django called a view; empty if unknown."""
    return "" if entered == UNKNOWN else "not called" if entered == NO_VIEW else "called"


def _milliseconds(nanoseconds: int) -> str:
    """Return milliseconds, exactly: without a float in between."""
    if nanoseconds in (UNKNOWN, NO_VIEW):
        return ""
    sign, whole = ("-", -nanoseconds) if nanoseconds < 0 else ("", nanoseconds)
    return f"{sign}{whole // NS_PER_MS}.{whole % NS_PER_MS:06d}"
