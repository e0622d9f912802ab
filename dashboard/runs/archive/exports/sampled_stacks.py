"""Exports the stacks of a run's sampled firings, for speedscope and for Perfetto."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dashboard.analysis.where.perfetto import perfetto
from dashboard.analysis.where.speedscope import speedscope
from dashboard.models import Run
from dashboard.runs.reports.samples import where_of
from dashboard.wire.report.where import WhereReport


def speedscope_pieces(run: Run) -> Iterator[str]:
    """Yield one JSON object in speedscope's own format."""
    yield json.dumps(speedscope(_report(run), f"{run.title}, run {run.pk}")) + "\n"


def perfetto_pieces(run: Run) -> Iterator[str]:
    """Yield one JSON object in the Trace Event Format."""
    yield json.dumps(perfetto(_report(run))) + "\n"


def was_sampled(run: Run) -> bool:
    """Return True if a lane of the run was sampled."""
    report = where_of(run)
    return report is not None and bool(report["lanes"])


def _report(run: Run) -> WhereReport:
    return where_of(run) or {"lanes": [], "missing": {}}
