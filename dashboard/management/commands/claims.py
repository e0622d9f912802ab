"""`manage.py claims`: test claims from the terminal, as their page does."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management import BaseCommand

from dashboard.analysis.text.claims import TALLY, verdict_lines
from dashboard.management.experiment_commands import exit_with_status, run_experiment, usage_error
from dashboard.management.options import (
    NO_CHECKS,
    RUN_FAILED,
    add_project,
    check_writable,
    read_project,
)
from dashboard.management.terminal.outputs import prints_table, write_json
from dashboard.models import Experiment
from dashboard.project.model.scenario import Claim
from dashboard.project.project import Project
from dashboard.runs.experiments.claim_status import ClaimStatus, claim_statuses_in
from dashboard.runs.experiments.claims import claim_of, claims_experiment, fireable
from dashboard.wire.codec import to_json
from dashboard.wire.errors import Invalid, InvalidPlan, Problem
from dashboard.wire.experiments.claims import ClaimsAnswer
from dashboard.wire.plural import counted

CLAIM_DOES_NOT_HOLD = 1


class Command(BaseCommand):
    """Fires claims one after the other and prints a verdict on each."""

    help = "Try claims of the lab.toml, all of them or those named, and print each verdict."
    requires_system_checks = NO_CHECKS

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("claims", nargs="*", metavar="NAME")
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and exit with a status as `burst` would."""
        try:
            project = read_project(options)
            claims = _chosen(project, options["claims"])
            plan = claims_experiment(project, claims)
            check_writable("json", options["json"])
        except Invalid as error:
            raise usage_error(error) from None
        statuses: list[ClaimStatus] = []

        def answer_of(experiment: Experiment) -> ClaimsAnswer:
            statuses.extend(claim_statuses_in(claims, experiment))
            return {
                "experiment": experiment.pk,
                "status": experiment.status,
                "claims": to_json(statuses),
            }

        experiment, answer = run_experiment(project, plan, answer_of)
        if prints_table(options):
            self.stdout.write("\n".join(_text(statuses)))
        write_json(answer, options["json"])
        exit_with_status(experiment)
        sys.exit(_exit_status(statuses))


def _chosen(project: Project, names: Sequence[str]) -> list[Claim]:
    """Return the claims named, each once, or all that can be fired. Raises InvalidPlan."""
    if names:
        return [claim_of(project, name) for name in dict.fromkeys(names)]
    claims = fireable(project)
    if not claims:
        message = f"expected one that can be fired in {project.path.name}, found none"
        raise InvalidPlan(Problem("claims", message))
    return claims


def _text(statuses: Sequence[ClaimStatus]) -> Iterator[str]:
    """Yield the lines of every claim, an empty line after each, and a tally of the verdicts."""
    for status in statuses:
        yield from _lines(status)
        yield ""
    kinds = Counter(status.verdict.kind if status.verdict else "no-verdict" for status in statuses)
    yield ", ".join(counted(number, *TALLY[kind]) for kind, number in kinds.most_common())


def _lines(status: ClaimStatus) -> Iterator[str]:
    """Yield a claim, its verdict with the number behind each finding, and its run."""
    yield f"{status.claim.name}: {status.claim.text}"
    run = status.latest
    if status.verdict:
        yield from (f"  {line}" for line in verdict_lines(status.verdict))
        yield f"    by run {run.pk if run else ''}"
    elif run:
        yield f"  No verdict: run {run.pk} is {run.status}. {run.problem}".rstrip()
        yield from (f"    {line}" for line in run.log_tail.splitlines())


def _exit_status(statuses: Sequence[ClaimStatus]) -> int:
    """Return 0 if every claim holds; an undecided one does not, and a failed run is a failure."""
    if not all(status.verdict for status in statuses):
        return RUN_FAILED
    hold = all(status.verdict and status.verdict.kind == "holds" for status in statuses)
    return 0 if hold else CLAIM_DOES_NOT_HOLD
