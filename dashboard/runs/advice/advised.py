"""A run's report with its advice."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from asgiref.sync import sync_to_async

from dashboard.analysis.advice.advice import advice_on
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.reports.results import report_of
from dashboard.runs.reports.samples import sampled_lanes
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.advice import Advice
from dashboard.wire.report.report import Report

from .situation import situation_of

logger = logging.getLogger(__name__)


def advised_report_on(project: Project) -> Callable[[Run], Awaitable[Report]]:
    """Return a function that computes the report of a run of this project, with its advice."""

    def advised_report(run: Run) -> Report:
        report = report_of(run)
        report["advice"] = _derived(run, project, report)
        return report

    return sync_to_async(advised_report)


def advice_of(run: Run, project: Project) -> list[Advice]:
    """Return the advice on a run that has ended; empty if there is none, or nothing was measured.

    That of a run that was imported, or stored by an older version, is derived now.
    """
    report = measured_report(run)
    if report is None:
        return []
    if "advice" in report:
        return report["advice"]
    if run.project != project.name:
        return []
    return _derived(run, project, report)


def _derived(run: Run, project: Project, report: Report) -> list[Advice]:
    """Return the advice. What fails here costs the advice and not the report."""
    try:
        sampled = sampled_lanes(run).values()
        situation = situation_of(project, Plan.from_json(run.plan), report, sampled)
        return advice_on(situation) if situation else []
    except (LookupError, TypeError, ValueError, ArithmeticError):
        logger.exception("There is no advice on run %s", report["run"])
        return []
