"""Stored runs: searched, named, pinned as a baseline, deleted and restored."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from dashboard.models import ACTIVE, Run
from dashboard.wire.errors import Invalid, Problem

logger = logging.getLogger(__name__)

MAX_NAME, MAX_NOTES = 100, 10_000
UNDONE_FOR = timedelta(hours=1)  # how long a deletion can be undone


class Refused(Invalid):
    """An operation that this run does not allow, with the problems by field."""


def find(search: str = "", status: str = "", scenario: str = "") -> QuerySet[Run]:
    """Return the runs that are not deleted, pinned ones first, then the newest.

    Each word of `search` must occur in the run's id, name, notes, scenario, title or lanes.
    """
    runs = Run.objects.filter(deleted=None)
    for word in search.split():
        runs = runs.filter(
            Q(pk__istartswith=word)
            | Q(name__icontains=word)
            | Q(notes__icontains=word)
            | Q(title__icontains=word)
            | Q(plan__scenario__icontains=word)
            | Q(pk__in=Run.objects.filter(lanes__name__icontains=word).values("pk"))
        )
    if status:
        runs = runs.filter(status=status)
    if scenario:
        runs = runs.filter(plan__scenario=scenario)
    return runs.order_by("-pinned", "-created")


def scenarios() -> Sequence[str]:
    """Return the scenarios of the stored runs, sorted; without those of unreadable runs."""
    stored = Run.objects.filter(deleted=None)
    try:
        names = list(stored.values_list("plan__scenario", flat=True).distinct())
    except (DatabaseError, ValueError):  # in one row: a lone surrogate, text that is no JSON
        ids = list(stored.values_list("pk", flat=True))
        plans = [run.plan for run in readable(ids).values()]
        names = [plan.get("scenario") for plan in plans if isinstance(plan, dict)]
    return sorted({name for name in names if printable(name)})


def printable(value: object) -> bool:
    """Return True for text that can be encoded: without a lone surrogate."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False


def readable(ids: Sequence[str]) -> dict[str, Run]:
    """Return the runs of these ids with their lanes, without those whose rows cannot be read."""
    runs = Run.objects.prefetch_related("lanes")
    try:
        return {run.pk: run for run in runs.filter(pk__in=ids)}
    except (DatabaseError, ValueError, TypeError):
        return {run.pk: run for run in map(_readable, ids) if run}


def _readable(run_id: str) -> Run | None:
    try:
        return Run.objects.prefetch_related("lanes").get(pk=run_id)
    except (DatabaseError, ValueError, TypeError, Run.DoesNotExist):
        logger.exception("Run %s cannot be read", run_id)
        return None


def describe(run: Run, name: str, notes: str) -> None:
    """Set a run's name and notes; either may be empty. Raises Refused."""
    problems = [
        Problem(field, f"expected at most {most:,} characters, found {len(text):,}")
        for field, text, most in (("name", name, MAX_NAME), ("notes", notes, MAX_NOTES))
        if len(text) > most
    ]
    if problems:
        raise Refused(*problems)
    run.name, run.notes = name.strip(), notes.strip()
    run.save(update_fields=["name", "notes"])


def pin(run: Run, pinned: bool) -> None:
    """Make a run the baseline of its scenario, in place of another one, or undo that."""
    if pinned:
        same = Run.objects.filter(plan__scenario=run.plan["scenario"], project=run.project)
        same.update(pinned=False)
    run.pinned = pinned
    run.save(update_fields=["pinned"])


def baseline_of(run: Run) -> Run | None:
    """Return the pinned run of the same scenario, by its id alone, unless it is this one."""
    same = find().filter(plan__scenario=run.plan["scenario"], project=run.project, pinned=True)
    return same.exclude(pk=run.pk).only("pk").first()  # whatever else its row contains


def delete(run: Run) -> None:
    """Mark a run as deleted; `restore` undoes that until `purge`. Raises Refused."""
    if run.status in ACTIVE:
        raise Refused(Problem("run", "expected one that has ended; stop it first"))
    run.deleted, run.pinned = now(), False
    run.save(update_fields=["deleted", "pinned"])


def restore(run: Run) -> None:
    """Bring a deleted run back."""
    run.deleted = None
    run.save(update_fields=["deleted"])


def purge() -> int:
    """Delete for good what was marked longer than UNDONE_FOR ago; return how many runs."""
    old = Run.objects.filter(deleted__lt=now() - UNDONE_FOR).only("pk")
    number = old.count()
    old.delete()
    return number
