"""Deletes stored runs, one of them or all of an experiment; that can be undone for an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min
from django.db.models.functions import Coalesce
from django.utils.timezone import now

from dashboard.models import ACTIVE, Experiment, Run
from dashboard.wire.errors import Problem

from .stored_runs import Refused

UNDONE_FOR = timedelta(hours=1)  # how long a deletion can be undone


@dataclass(frozen=True)
class Deletion:
    """What was deleted at once: a run, or several runs of an experiment.

    `run` is one of them, and `experiment` empty for a run of its own.
    """

    run: str
    experiment: str
    runs: int


def delete(run: Run) -> None:
    """Mark a run as deleted; `restore` undoes that until `purge`. Raises Refused."""
    if run.status in ACTIVE:
        raise Refused(Problem("run", "expected one that has ended; stop it first"))
    run.deleted, run.pinned = now(), False
    run.save(update_fields=["deleted", "pinned"])


def delete_experiment(experiment: Experiment) -> None:
    """Mark the runs of an experiment as deleted, except for a pinned one. Raises Refused."""
    if experiment.active:
        raise Refused(Problem("experiment", "expected one that has ended; stop it first"))
    experiment.runs.filter(deleted=None, pinned=False).update(deleted=now())


def restore(run_id: str) -> None:
    """Bring a deleted run back, together with those of its experiment deleted at the same time."""
    own = Run.objects.filter(pk=run_id)
    together = Run.objects.filter(
        experiment__in=own.values("experiment"), deleted__in=own.values("deleted")
    )
    Run.objects.filter(pk__in=list(together.values_list("pk", flat=True))).update(deleted=None)
    own.update(deleted=None)


def deletions(most: int) -> list[Deletion]:
    """Return the last deletions that can still be undone, the newest first."""
    deleted = Run.objects.exclude(deleted=None).annotate(owner=Coalesce("experiment_id", "pk"))
    at_once = deleted.values("owner", "deleted").order_by("-deleted", "owner")
    rows = at_once.annotate(run=Min("pk"), of=Min("experiment_id"), runs=Count("pk"))[:most]
    return [Deletion(row["run"], row["of"] or "", row["runs"]) for row in rows]


def purge() -> int:
    """Delete for good what was marked longer than UNDONE_FOR ago; return how many runs.

    An experiment of which nothing is left goes with its last run.
    """
    old = Run.objects.filter(deleted__lt=now() - UNDONE_FOR).only("pk", "experiment_id")
    experiments = {run.experiment_id for run in old} - {None}
    number = old.count()
    old.delete()
    Experiment.objects.filter(pk__in=experiments, runs=None).exclude(status__in=ACTIVE).delete()
    return number
