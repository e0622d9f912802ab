"""*Try* in the terminal: the advice on a run, each with the command that tests it."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.text.advice import (
    no_advice_text,
    outcome_text,
    prediction_text,
    price_text,
    tested_text,
)
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.advice.advised import advice_of
from dashboard.runs.advice.testing import command_of_test, outcome_of_test
from dashboard.runs.planning.program import program, project_option
from dashboard.wire.report.advice import Advice
from dashboard.wire.report.report import Report

INDENT = "   "


def advice_lines(run: Run, report: Report, project: Project, *, saved: bool) -> Iterator[str]:
    """Yield what the run shows of the advice that it tests, and the advice that it gives itself.

    Nothing for a single lane. A run that is not `saved` cannot be named by the commands.
    """
    if run.tested_advice and (outcome := outcome_of_test(run)):
        yield tested_text(run.tested_advice)
        yield INDENT + outcome_text(run.tested_advice["advice"], outcome)
    if report["verdict"] is None:
        return
    pieces = advice_of(run, project)
    yield "Try" if pieces else no_advice_text(report)
    for number, advice in enumerate(pieces, 1):
        first, *others = _lines(run, number, advice, project, saved=saved)
        yield f"{number}. {first}"
        yield from (INDENT + line for line in others)


def _lines(
    run: Run, number: int, advice: Advice, project: Project, *, saved: bool
) -> Iterator[str]:
    yield advice["text"]
    if advice["prediction"]:
        yield prediction_text(advice["prediction"])
    if price := price_text(advice):
        yield price
    yield from advice["diff"]
    if advice["unsafe"]:
        yield advice["unsafe"]
    if advice["untested"]:
        yield f"No command: {advice['untested']}."
        return
    option = project_option(project.path)
    yield command_of_test(run, number, advice, option, program(), named=saved)
