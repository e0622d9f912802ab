"""Which claims are being tested, and how far the test is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from dashboard.models import ACTIVE, Experiment, Run, Status
from dashboard.project.project import Project
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.plan.plan import Plan
from dashboard.wire.stored.questions import ClaimsQuestion


@dataclass(frozen=True)
class Progress:
    """The claims being tested: `run` is the current one, None before the first.

    `done` of `total` claims are over, and `share` of all the work, from 0 to 1.
    """

    member: Run | Experiment
    run: Run | None
    done: int
    total: int
    share: float


def active(project: Project) -> list[Run | Experiment]:
    """Return the queue entries that test claims, the newest first."""
    mine = {"project": project.name, "status__in": ACTIVE}
    members: list[Run | Experiment] = [
        *Experiment.objects.filter(kind=Experiment.Kind.CLAIMS, **mine),
        *Run.objects.filter(experiment=None, **mine).exclude(claim=""),
    ]
    return sorted(members, key=lambda member: (member.created, member.pk), reverse=True)


def progress(project: Project) -> Progress | None:
    """Return the progress of the first of them; None if no claim is being tested."""
    members = active(project)
    return progress_of(members[-1]) if members else None


def progress_of(member: Run | Experiment) -> Progress:
    """Return the progress of one entry."""
    if isinstance(member, Run):
        return Progress(member, member, done=0, total=1, share=share_of(member))
    run = member.runs.filter(status__in=ACTIVE).first()
    total = _claims_in(member)
    over = member.runs.exclude(status__in=ACTIVE).exclude(claim=run.claim if run else "")
    done = over.order_by().values("claim").distinct().count()  # a disturbed one has two runs
    share = (done + (share_of(run) if run else 0)) / total
    return Progress(member, run, done, total, min(1.0, share))


def last_length_s(project: Project, claims: int) -> float | None:
    """Return how long the last test of so many claims took; None if there was none."""
    for experiment in Experiment.objects.filter(
        project=project.name, kind=Experiment.Kind.CLAIMS, status=Status.FINISHED
    ):
        first = experiment.runs.order_by("created").first()
        if _claims_in(experiment) == claims and experiment.ended and first:
            return (experiment.ended - first.created).total_seconds()
    return None


def _claims_in(experiment: Experiment) -> int:
    return len(cast(ClaimsQuestion, experiment.question)["claims"])


def share_of(run: Run) -> float:
    """Return how much of a run is done, from 0 to 1: its firings so far, without the warm-up."""
    plan = Plan.from_json(run.plan)
    return min(1.0, _fired(run) / (len(plan.lanes) * plan.rounds))


def _fired(run: Run) -> int:
    """Return how many firings counted so far; those of a discarded round are repeated."""
    counted = run.readings.filter(data__round__gt=WARM_UP_ROUND)
    return counted.exclude(data__round__in=run.discarded_rounds).count()


def progress_text(progress: Progress) -> str:
    """Return *claim 3 of 12, round 2 of 5*; which claim that is, is shown beside it."""
    words = [f"claim {progress.done + 1} of {progress.total}"] if progress.total > 1 else []
    if progress.run is None:
        words.append("queued" if progress.member.status == Status.WAITING else "next")
    elif progress.run.status == Status.WAITING:
        words.append("queued")
    elif progress.run.status == Status.STARTING:
        words.append("starting servers")
    else:
        words.append(_round(progress.run))
    return ", ".join(words)


def _round(run: Run) -> str:
    plan = Plan.from_json(run.plan)
    number = min(plan.rounds, 1 + _fired(run) // len(plan.lanes))
    return f"round {number} of {plan.rounds}"
