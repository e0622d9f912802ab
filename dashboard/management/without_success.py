"""Lanes and experiments of which no request succeeded: nothing was measured there.

A run of them is finished, and its report complete; but a job that checks the exit status alone
must not take it for a measurement.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from dashboard.analysis.report.expectations import Expectation
from dashboard.analysis.text.causes.view_calls import failure_text
from dashboard.wire.experiments.matrix import MatrixCell
from dashboard.wire.experiments.mix import MixedViewAnswer
from dashboard.wire.experiments.sweep import LevelLane
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

Measured: TypeAlias = MatrixCell | LevelLane | MixedViewAnswer

# An expectation on one of these is about failures: whether they are right is for it to decide.
ON_FAILURES = ("ok", "errors")


def lanes_without_success(
    report: Report, expectations: Iterable[Expectation] = ()
) -> list[LaneReport]:
    """Return the lanes of a finished run without a success, but for those expected to fail."""
    numbers = [number for expectation in expectations for number in expectation.numbers]
    exempt = {number.lane for number in numbers if number.path.split(".")[0] in ON_FAILURES}
    return [lane for lane in report["lanes"] if not lane["ok"] and lane["lane"] not in exempt]


def print_without_success(lanes: Iterable[LaneReport]) -> None:
    """Print on stderr, before any result, that nothing was measured in these lanes, and why."""
    for lane in lanes:
        requests = f"none of {counted(lane['requests'], 'request')} succeeded"
        errors = f" ({failure_text(lane['errors'])})" if lane["errors"] else ""
        sys.stderr.write(f"{lane['lane']} was not measured: {requests}{errors}.\n")
    sys.stderr.flush()


def succeeded(cells: Iterable[Measured]) -> bool:
    """Return whether a request succeeded in a cell of a matrix, or a lane of a sweep's level."""
    return any(success > 0 for success in _successes(cells))


def _successes(cells: Iterable[Measured]) -> Iterator[int]:
    for cell in cells:
        yield (cell["requests"] or 0) - (cell["failed"] or 0)
