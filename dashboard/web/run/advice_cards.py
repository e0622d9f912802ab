"""*Try*: the advice on a run as cards, with the runs that tested it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.analysis.text.advice import (
    no_advice_text,
    outcome_text,
    prediction_text,
    price_text,
    tested_text,
)
from dashboard.analysis.text.causes.causes import CAPTIONS
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.advice.advised import advice_of
from dashboard.runs.advice.testing import command_of_test, fired_tests, outcome_of_test
from dashboard.runs.planning.program import program, project_option
from dashboard.runs.reports.stored import measured_report
from dashboard.wire.report.advice import Advice, AdviceOutcome

from .run_view import state_word

SIGNS = {"+": "added", "-": "removed"}
HELD = {True: "held", False: "refuted", None: "undecided"}


@dataclass(frozen=True)
class DiffLine:
    """A line of a diff; `kind` is `added`, `removed` or empty."""

    text: str
    kind: str


@dataclass(frozen=True)
class AdviceTest:
    """A run that tests a piece of advice; `held` is `held`, `refuted`, `undecided` or empty."""

    run: str
    text: str
    held: str


@dataclass(frozen=True)
class AdviceCard:
    """One piece of advice; texts are empty where there is nothing to show."""

    number: int
    caption: str
    text: str
    lane: str
    fires: str
    untested: str
    prediction: str
    price: str
    unsafe: str
    diff: tuple[DiffLine, ...]
    command: str
    tests: tuple[AdviceTest, ...]


@dataclass(frozen=True)
class AdviceSection:
    """The advice on a run, or why there is `none`; `tested` is the advice that the run tests."""

    cards: tuple[AdviceCard, ...]
    none: str = ""
    tested: str = ""
    tested_of: str = ""
    result: AdviceTest | None = None


def advice_section(run: Run, project: Project) -> AdviceSection | None:
    """Return what *Try* shows of a run; None while it is active, or if nothing was measured."""
    report = measured_report(run)
    if report is None:
        return None
    pieces = advice_of(run, project)
    tested = run.tested_advice
    return AdviceSection(
        cards=tuple(_card(run, number, advice, project) for number, advice in enumerate(pieces, 1)),
        none="" if pieces else no_advice_text(report),
        tested=tested_text(tested) if tested else "",
        tested_of=run.advised_by,
        result=_own_result(run),
    )


def _own_result(run: Run) -> AdviceTest | None:
    """Return how the prediction turned out that the run tests; None if it tests none."""
    outcome = outcome_of_test(run)
    return None if outcome is None else _test(run.pk, run.tested_advice["advice"], outcome)


def _card(run: Run, number: int, advice: Advice, project: Project) -> AdviceCard:
    prediction = advice["prediction"]
    option = project_option(project.path)
    return AdviceCard(
        number=number,
        caption=CAPTIONS[advice["cause"]],
        text=advice["text"],
        lane=advice["lane"],
        fires=advice["fires"] or "",
        untested=advice["untested"] or "",
        prediction=prediction_text(prediction) if prediction else "",
        price=price_text(advice),
        unsafe=advice["unsafe"] or "",
        diff=tuple(DiffLine(line, SIGNS.get(line[:1], "")) for line in advice["diff"]),
        command=command_of_test(run, number, advice, option, program()),
        tests=tuple(_tests(run, advice)),
    )


def _tests(run: Run, advice: Advice) -> Sequence[AdviceTest]:
    return [
        _test(test.run, advice, test.outcome)
        if test.outcome
        else AdviceTest(test.run, f"This run is {state_word(test.status)}.", "")
        for test in fired_tests(run, advice)
    ]


def _test(run_id: str, advice: Advice, outcome: AdviceOutcome) -> AdviceTest:
    return AdviceTest(run_id, outcome_text(advice, outcome), HELD[outcome["held"]])
