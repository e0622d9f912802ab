"""The report of a run that is still on, from what is stored so far, and never at its cost.

It is made by the code that makes the final one, at most once after each firing, whoever asks and
however often. Making it reads every frame again, so a run of a million samples would be disturbed
by its own numbers: the next is made only when making it takes no more than SHARE of the time.
Until then the last one is what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import monotonic, thread_time

from dashboard.models import Run
from dashboard.runs.reports.results import WARM_UP_ROUND, report_of
from dashboard.wire.report import Report

SHARE = 0.02  # of one core's time, at most


@dataclass(frozen=True)
class _Known:
    """The last report of a run, after so many firings, and when the next may be made."""

    run: str
    firings: int
    report: Report
    next_s: float


_lock = Lock()  # each request has a thread of its own
_last: _Known | None = None  # one run at a time has the machine


def live_report_of(run: Run) -> Report | None:
    """What can be said after the firings that are over; None before the first that counts."""
    global _last  # noqa: PLW0603 - what is known of the one run that is on
    firings = run.readings.exclude(data__round=WARM_UP_ROUND).count()
    if not firings:
        return None
    with _lock:
        known = _last if _last and _last.run == run.pk else None
        if known and (known.firings == firings or monotonic() < known.next_s):
            return known.report
        began_s = thread_time()
        report = report_of(run)
        next_s = monotonic() + (thread_time() - began_s) / SHARE
        _last = _Known(run.pk, firings, report, next_s)
        return report
