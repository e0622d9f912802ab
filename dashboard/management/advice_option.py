"""`burst --advice RUN/NUMBER`: the piece of advice that a run tests."""

from __future__ import annotations

from argparse import ArgumentParser

from dashboard.project.project import Project
from dashboard.runs.advice.testing import OPTION, check_plan, named_advice
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.advice import AdviceUnderTest

from .options import Options


def add_advice(parser: ArgumentParser) -> None:
    """Add the option."""
    help_text = "the piece of advice of an earlier run that this one tests"
    parser.add_argument(OPTION, metavar="RUN/NUMBER", help=help_text)


def tested_advice(options: Options, project: Project, plan: Plan) -> AdviceUnderTest | None:
    """Return the advice that the option names; None without it.

    Raises InvalidPlan if there is none, or if the plan does not fire the lane that tests it.
    """
    if options["advice"] is None:
        return None
    tested = named_advice(options["advice"], project)
    check_plan(plan, tested)
    return tested
