"""Which claims are being tried, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.models import ACTIVE, Experiment, Run, Status
from dashboard.project.labtoml.load import Project
from dashboard.runs.queue.run_queue import QueueEntry
from dashboard.runs.reports.results import WARM_UP_ROUND
from dashboard.wire.plan import Plan


@dataclass(frozen=True)
class Progress:
    """What is tried now: `run`, or nothing yet where all of it waits in line.

    `done` of `total` claims are over, and `share` of all the work, from 0 to 1.
    """

    member: QueueEntry
    run: Run | None
    done: int
    total: int
    share: float


def active(project: Project) -> list[QueueEntry]:
    """What tries claims, now or when its turn comes; the one that is stopped last comes last."""
    mine = {"project": project.name, "status__in": ACTIVE}
    members: list[QueueEntry] = [
        *Experiment.objects.filter(kind=Experiment.Kind.CLAIMS, **mine),
        *Run.objects.filter(experiment=None, **mine).exclude(claim=""),
    ]
    return sorted(members, key=lambda member: (member.created, member.pk), reverse=True)


def progress(project: Project) -> Progress | None:
    """How far the first of them is; None where no claim is being tried."""
    members = active(project)
    return progress_of(members[-1]) if members else None


def progress_of(member: QueueEntry) -> Progress:
    """How far this one is."""
    if isinstance(member, Run):
        return Progress(member, member, done=0, total=1, share=share_of(member))
    run = member.runs.filter(status__in=ACTIVE).first()
    total = len(member.question["claims"])
    over = member.runs.exclude(status__in=ACTIVE).exclude(claim=run.claim if run else "")
    done = over.order_by().values("claim").distinct().count()  # one may be fired once more
    share = (done + (share_of(run) if run else 0)) / total
    return Progress(member, run, done, total, min(1.0, share))


def last_length_s(project: Project, claims: int) -> float | None:
    """How long it took to try so many claims when that was last done; None where it never was."""
    for one in Experiment.objects.filter(
        project=project.name, kind=Experiment.Kind.CLAIMS, status=Status.FINISHED
    ):
        first = one.runs.order_by("created").first()
        if len(one.question["claims"]) == claims and one.ended and first:
            return (one.ended - first.created).total_seconds()
    return None


def share_of(run: Run) -> float:
    """How much of a run is done, from 0 to 1: its firings so far, without the warm-up."""
    plan = Plan.from_json(run.plan)
    return min(1.0, _fired(run) / (len(plan.lanes) * plan.rounds))


def _fired(run: Run) -> int:
    """How many firings counted so far; those of a discarded round are fired again."""
    counted = run.readings.filter(data__round__gt=WARM_UP_ROUND)
    return counted.exclude(data__round__in=run.discarded_rounds).count()


def progress_words(found: Progress) -> str:
    """*claim 3 of 12, round 2 of 5*: which claim that is stands beside it."""
    words = [f"claim {found.done + 1} of {found.total}"] if found.total > 1 else []
    if found.run is None:
        words.append("waits in line" if found.member.status == Status.WAITING else "comes next")
    elif found.run.status == Status.WAITING:
        words.append("waits in line")
    elif found.run.status == Status.STARTING:
        words.append("its servers start")
    else:
        words.append(_round(found.run))
    return ", ".join(words)


def _round(run: Run) -> str:
    plan = Plan.from_json(run.plan)
    number = min(plan.rounds, 1 + _fired(run) // len(plan.lanes))
    return f"round {number} of {plan.rounds}"
