"""The report of an active run, from what is stored so far, at a bounded cost.

It is computed by the code of the final report, at most once after each firing, however often it is
requested. That reads every frame again, so a run of a million samples would be disturbed by its own
numbers: the next report is computed only when that takes no more than SHARE of the time. Until then
the last one is returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import monotonic, thread_time

from dashboard.models import Run
from dashboard.runs.reports.results import report_of
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.report.report import Report

SHARE = 0.02  # of one core's time, at most


@dataclass(frozen=True)
class _CachedReport:
    """The last report of a run, after so many firings, and when the next may be computed."""

    run: str
    firings: int
    report: Report
    next_s: float


_lock = Lock()  # each request has a thread of its own
_last: _CachedReport | None = None  # one run at a time has the machine


def live_report_of(run: Run) -> Report | None:
    """Return the report after the firings so far; None before the first that counts."""
    global _last  # noqa: PLW0603 - a cache of one
    firings = run.readings.exclude(data__round=WARM_UP_ROUND).count()
    if not firings:
        return None
    with _lock:
        cached = _last if _last and _last.run == run.pk else None
        if cached and (cached.firings == firings or monotonic() < cached.next_s):
            return cached.report
        began_s = thread_time()
        report = report_of(run)
        next_s = monotonic() + (thread_time() - began_s) / SHARE
        _last = _CachedReport(run.pk, firings, report, next_s)
        return report
