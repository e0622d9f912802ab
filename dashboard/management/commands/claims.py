"""`manage.py claims`: try claims from the terminal, as their page does."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management import BaseCommand

from dashboard.analysis.text.claims import TALLY, verdict_lines
from dashboard.management.experiment_commands import leave, perform, refuse
from dashboard.management.options import RUN_FAILED, add_project, check_writable, read_project
from dashboard.management.terminal.outputs import prints_table, write_json
from dashboard.models import Experiment
from dashboard.project.model.scenario import Claim
from dashboard.project.project import Project
from dashboard.runs.experiments.claims import (
    ClaimStatus,
    claim_of,
    claim_statuses_in,
    claims_experiment,
    fireable,
)
from dashboard.wire.errors import Invalid, InvalidPlan, Problem
from dashboard.wire.plural import counted

CLAIM_DOES_NOT_HOLD = 1


class Command(BaseCommand):
    """Fires claims one after the other and says of each what this machine showed."""

    help = "Try claims of the lab.toml, all of them or those named, and print each verdict."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The contract is in docs/commands.md."""
        parser.add_argument("claims", nargs="*", metavar="NAME")
        add_project(parser)
        parser.add_argument("--json", metavar="FILE|-")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fire, print, and leave with the status that `burst` would leave with."""
        try:
            project = read_project(options)
            claims = _chosen(project, options["claims"])
            plan = claims_experiment(project, claims)
            check_writable("json", options["json"])
        except Invalid as error:
            raise refuse(error) from None
        found: list[ClaimStatus] = []

        def answer_of(experiment: Experiment) -> dict[str, Any]:
            found.extend(claim_statuses_in(claims, experiment))
            return {
                "experiment": experiment.pk,
                "status": experiment.status,
                "claims": [one.to_json() for one in found],
            }

        experiment, answer = perform(project, plan, answer_of)
        if prints_table(options):
            self.stdout.write("\n".join(_text(found)))
        write_json(answer, options["json"])
        leave(experiment)
        sys.exit(_status(found))


def _chosen(project: Project, names: Sequence[str]) -> list[Claim]:
    """The claims that are named, each once, or all that can be fired. Raises InvalidPlan."""
    if names:
        return [claim_of(project, name) for name in dict.fromkeys(names)]
    found = fireable(project)
    if not found:
        message = f"expected one that can be fired in {project.path.name}, found none"
        raise InvalidPlan(Problem("claims", message))
    return found


def _text(found: Sequence[ClaimStatus]) -> Iterator[str]:
    """Every claim, an empty line behind each, and at the end how many there are of a kind."""
    for one in found:
        yield from _lines(one)
        yield ""
    kinds = Counter(one.verdict.kind if one.verdict else "no-verdict" for one in found)
    yield ", ".join(counted(number, *TALLY[kind]) for kind, number in kinds.most_common())


def _lines(one: ClaimStatus) -> Iterator[str]:
    """A claim, its verdict with the number behind each finding, and its run."""
    yield f"{one.claim.name}: {one.claim.text}"
    run = one.latest
    if one.verdict:
        yield from (f"  {line}" for line in verdict_lines(one.verdict))
        yield f"    by run {run.pk if run else ''}"
    elif run:
        yield f"  No verdict: run {run.pk} is {run.status}. {run.problem}".rstrip()
        yield from (f"    {line}" for line in run.log_tail.splitlines())


def _status(found: Sequence[ClaimStatus]) -> int:
    """Whether every claim holds; one that is not shown does not, and one whose run failed fails."""
    if not all(one.verdict for one in found):
        return RUN_FAILED
    holds = all(one.verdict and one.verdict.kind == "holds" for one in found)
    return 0 if holds else CLAIM_DOES_NOT_HOLD
