"""`manage.py capacity`: the least configuration that holds a rate, and how much it holds."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.management import BaseCommand

from dashboard.analysis.text.capacity import (
    KNEES,
    computed_rate,
    limits_text,
    name_of,
    rates_text,
    two_digits,
)
from dashboard.analysis.text.numbers import significant
from dashboard.management.experiment_commands import (
    exit_with_status,
    run_experiment,
    usage_error,
)
from dashboard.management.options import (
    NO_CHECKS,
    add_numbers,
    add_project,
    check_writable,
    parameter_setting,
    read_project,
)
from dashboard.management.terminal.outputs import (
    print_left_out,
    table_console,
    write_results,
)
from dashboard.management.terminal.tables import Column, fit_table
from dashboard.runs.experiments.capacity.answer import capacity_answer, capacity_csv
from dashboard.runs.experiments.capacity.question import (
    USUAL_DURATION_S,
    USUAL_ERROR_SHARE,
    USUAL_ROUNDS,
    make_capacity,
)
from dashboard.runs.experiments.capacity.steps import capacity_experiment
from dashboard.wire.errors import Invalid
from dashboard.wire.experiments.capacity import CandidateReport, CapacityAnswer
from dashboard.wire.units import MS_PER_S

NOTHING_HOLDS = 1
DURATION_MS = {"": 1.0, "ms": 1.0, "s": float(MS_PER_S)}
MEMORY_MIB = {"": 1.0, "MB": 1.0, "MiB": 1.0, "GB": 1024.0, "GiB": 1024.0}
QUANTITY = re.compile(r"([0-9]*\.?[0-9]+)\s*([A-Za-z%]*)")


class Command(BaseCommand):
    """Fires configurations at the rate, bisects the least that holds it, and prints the answer."""

    help = "How many processes and threads does a rate need, and how much do they hold?"
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("scenario")
        parser.add_argument("--rate", type=float, required=True, help="requests per second to hold")
        parser.add_argument("--p95", type=duration_ms, required=True, help="limit: 200ms, 1.5s")
        parser.add_argument(
            "--error",
            type=share,
            default=USUAL_ERROR_SHARE,
            help="share of requests that may fail (default: 0.1%%)",
        )
        parser.add_argument("--memory", type=memory_mib, help="limit of all processes: 2GB, 512MB")
        parser.add_argument(
            "--lane",
            action="append",
            default=[],
            metavar="VARIANT@SERVER",
            help="whose processes and threads are varied (default: the first lane of each family)",
        )
        parser.add_argument(
            "--duration",
            type=float,
            default=USUAL_DURATION_S,
            help=f"of each rate (default: {USUAL_DURATION_S:g} s)",
        )
        add_numbers(parser, "rounds", "seed")
        parser.add_argument(
            "--set", action="append", default=[], type=parameter_setting, metavar="NAME=NUMBER"
        )
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-")
        parser.add_argument("--csv", metavar="FILE")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with the status of docs/commands.md."""
        try:
            project = read_project(options)
            capacity = make_capacity(
                project,
                scenario=options["scenario"],
                rate_rps=options["rate"],
                p95_ms=options["p95"],
                error_share=options["error"],
                memory_mb=options["memory"],
                lanes=options["lane"],
                rounds=USUAL_ROUNDS if options["rounds"] is None else options["rounds"],
                duration_s=options["duration"],
                seed=options["seed"],
                parameters=dict(options["set"]),
            )
            check_writable("json", options["json"])
            check_writable("csv", options["csv"])
        except Invalid as error:
            raise usage_error(error) from None
        experiment, answer = run_experiment(project, capacity_experiment(capacity), capacity_answer)
        write_results(
            options,
            partial(print_capacity, answer),
            answer.to_json(),
            partial(capacity_csv, answer),
        )
        exit_with_status(experiment)
        if answer.best is None:
            sys.exit(NOTHING_HOLDS)


def print_capacity(answer: CapacityAnswer) -> None:
    """Print a row for each configuration that was fired, and the sentence."""
    console = table_console()
    title = f"{answer.scenario}: {limits_text(answer)}"
    table, left_out = fit_table(title, capacity_columns(answer), console.width)
    console.print(table)
    print_left_out(console, left_out)
    if answer.sentence:
        console.print(answer.sentence, highlight=False, markup=False)


def capacity_columns(answer: CapacityAnswer) -> list[Column]:
    """Return the columns of the table."""
    rows = [candidate_texts(each) for each in answer.candidates]
    headings = ("configuration", "predicted", "measured", "memory", "cores", "result", "knee")
    ranks = (0, 4, 1, 3, 5, 0, 2)
    return [
        Column(heading, [row[position] for row in rows], rank, right=position in (1, 3, 4))
        for position, (heading, rank) in enumerate(zip(headings, ranks, strict=True))
    ]


def candidate_texts(candidate: CandidateReport) -> list[str]:
    """Return the cells of one configuration."""
    memory_mb, cores = candidate.memory_mb, candidate.cores
    result = f"{candidate.state}: {candidate.why}" if candidate.why else candidate.state
    return [
        name_of(candidate),
        computed_rate(candidate.predicted_rps),
        rates_text(candidate),
        "–" if memory_mb is None else f"{significant(memory_mb, 3)} MiB",
        "–" if cores is None else f"{two_digits(cores):g}",
        result,
        KNEES[candidate.knee] if candidate.knee else "–",
    ]


def duration_ms(text: str) -> float:
    """Read *200ms* or *1.5s* as milliseconds; a bare number is in ms."""
    return _quantity(text, DURATION_MS, "a duration such as 200ms or 1.5s")


def memory_mib(text: str) -> float:
    """Read *2GB* or *512MB* as MiB; a bare number is in MiB."""
    return _quantity(text, MEMORY_MIB, "an amount of memory such as 2GB or 512MB")


def share(text: str) -> float:
    """Read *0.1%* or *0.001* as a share."""
    return _quantity(text, {"": 1.0, "%": 0.01}, "a share such as 0.1% or 0.001")


def _quantity(text: str, units: Mapping[str, float], expected: str) -> float:
    match = QUANTITY.fullmatch(text.strip())
    if not match or match[2] not in units:
        raise ArgumentTypeError(f"expected {expected}, found {text!r}")
    return float(match[1]) * units[match[2]]
