"""`manage.py survey`: every view of a project, ranked by what it would gain."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, ArgumentTypeError
from functools import partial
from typing import Any

from django.core.management import BaseCommand

from dashboard.analysis.text import survey as texts
from dashboard.management.experiment_commands import exit_with_status, run_experiment, usage_error
from dashboard.management.options import (
    NO_CHECKS,
    NOTHING_SUCCEEDED,
    Options,
    add_numbers,
    add_project,
    check_writable,
    read_project,
)
from dashboard.management.terminal.outputs import (
    print_left_out,
    table_console,
    write_file,
    write_results,
)
from dashboard.management.terminal.tables import Column, fit_table
from dashboard.runs.experiments.survey.answer import survey_answer
from dashboard.runs.experiments.survey.files import survey_csv, survey_markdown
from dashboard.runs.experiments.survey.question import Survey, make_survey
from dashboard.wire.errors import Invalid
from dashboard.wire.experiments.survey import SurveyAnswer

OUTPUTS = ("json", "csv", "markdown")


class Command(BaseCommand):
    """Fires each view alone, under load, and beside its two best alternatives."""

    help = "Rank every view of a project: threads, async, processes, or leave it?"
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help="default: all of them")
        parser.add_argument(
            "--server",
            metavar="SERVER[:SETTINGS]",
            help="how the project is served today (default: server of the lab.toml's [project])",
        )
        add_numbers(parser, "concurrency", "rounds", "seed")
        parser.add_argument(
            "--weight",
            action="append",
            default=[],
            type=_weight,
            metavar="SCENARIO=NUMBER",
            help="its share of the traffic, in any unit (default: 1)",
        )
        parser.add_argument(
            "--mix",
            default="",
            metavar="MIX",
            help="weigh views by a [mix.NAME] of the lab.toml; SCENARIOs default to its own",
        )
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-", help="the result; - instead of the table")
        parser.add_argument("--csv", metavar="FILE", help="a line for each alternative")
        parser.add_argument("--markdown", metavar="FILE", help="a table with a row for each view")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        try:
            survey = _survey(options)
            for name in OUTPUTS:
                check_writable(name, options[name])
        except Invalid as error:
            raise usage_error(error) from None
        project = read_project(options)
        experiment, answer = run_experiment(project, survey.experiment_plan, survey_answer)
        write_results(
            options, partial(print_survey, answer), answer.to_json(), partial(survey_csv, answer)
        )
        if options["markdown"]:
            write_file("markdown", options["markdown"], survey_markdown(answer))
        exit_with_status(experiment)
        if not any(row.alone for row in answer.rows):
            sys.stderr.write("Nothing was measured: no request succeeded.\n")
            sys.exit(NOTHING_SUCCEEDED)


def _survey(options: Options) -> Survey:
    return make_survey(
        read_project(options),
        scenarios=options["scenarios"],
        server=options["server"],
        concurrency=options["concurrency"],
        rounds=options["rounds"],
        seed=options["seed"],
        weights=dict(options["weight"]),
        mix=options["mix"],
    )


def _weight(text: str) -> tuple[str, float]:
    name, _, number = text.rpartition("=")
    try:
        return name, float(number)
    except ValueError:
        message = f"expected SCENARIO=NUMBER, found {text!r}"
        raise ArgumentTypeError(message) from None


def print_survey(answer: SurveyAnswer) -> None:
    """Print the table, the sentence, each view's reason, and how the model did."""
    console = table_console()
    title = f"{answer.project} at {answer.server}, {answer.concurrency[-1]} requests at once"
    table, missing = fit_table(title, survey_columns(answer), console.width)
    console.print(table)
    print_left_out(console, missing)
    for note in survey_notes(answer):
        console.print(note, highlight=False, markup=False)


def survey_columns(answer: SurveyAnswer) -> list[Column]:
    """Return the columns: a row for each view."""
    rows = answer.rows
    shown = [texts.shown_alternative(row) for row in rows]
    shares = [texts.shares_text(row.alone.shares if row.alone else None) for row in rows]
    alternatives = [texts.alternative_text(each) for each in shown]
    return [
        Column("view", [row.scenario for row in rows], right=False, breaks="(?<=-)"),
        Column("time in", shares, 3, right=False, breaks=r"(?<=,) "),
        Column("p95 today", [texts.p95_text(row) for row in rows]),
        Column("alternative", alternatives, 1, right=False, breaks=r"(?<=.)(?=@)| (?=\()"),
        Column("faster", [texts.faster_text(each) for each in shown], breaks=r" (?=\()"),
        Column("price", [texts.price_text(each) for each in shown], 4, breaks=r"(?<=,) "),
        Column(
            "predicted",
            [texts.predicted_text(each) for each in shown],
            5,
            breaks=r"(?<=,) | (?=\()",
        ),
        Column("advice", [texts.word_text(row) for row in rows], right=False),
    ]


def survey_notes(answer: SurveyAnswer) -> list[str]:
    """Return the sentence, each view's reason, what a stand-in is, and how the model did."""
    reasons = [
        f"{row.scenario}: {texts.word_text(row)}, {texts.reason_text(row)}."
        for row in answer.rows
        if texts.reason_text(row)
    ]
    shown = [texts.shown_alternative(row) for row in answer.rows]
    stands_in = any(each and each.stand_in for each in shown)
    stand_in = texts.STAND_IN_TEXT if stands_in else ""
    return [*filter(None, [answer.sentence, *reasons, stand_in, texts.fit_text(answer.fit)])]
