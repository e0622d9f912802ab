"""The stored report of a run, as what it is: the one place where the field is read."""

from __future__ import annotations

from dashboard.analysis.samples.cut_off import whole_rounds_of
from dashboard.models import Run, Status
from dashboard.wire.report.report import Report


def stored_report(run: Run) -> Report | None:
    """Return the report; None until the run has ended.

    One that an older version stored may lack keys that came later; readers of those use `get`.
    """
    report: Report | None = run.report
    return report


def measured_report(run: Run) -> Report | None:
    """Return the report if it has numbers: finished, or stopped after whole rounds; else None."""
    report = stored_report(run)
    if report is None:
        return None
    stopped = run.status == Status.STOPPED and whole_rounds_of(report) > 0
    return report if run.status == Status.FINISHED or stopped else None


def has_samples(run: Run) -> bool:
    """Return True if the run has ended with requests of at least one lane: it can be compared."""
    report = stored_report(run)
    return report is not None and any(lane["requests"] for lane in report["lanes"])
