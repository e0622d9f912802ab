"""Stored runs: searched, named, pinned as a baseline, deleted and restored."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.timezone import now

from dashboard.models import ACTIVE, Run
from dashboard.wire.errors import Invalid, Problem

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
    """Return the scenarios of the stored runs, sorted."""
    names = Run.objects.filter(deleted=None).values_list("plan__scenario", flat=True)
    return sorted(set(names))


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
    """Return the pinned run of the same scenario, unless it is this one."""
    same = find().filter(plan__scenario=run.plan["scenario"], project=run.project, pinned=True)
    return same.exclude(pk=run.pk).first()


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
    old = Run.objects.filter(deleted__lt=now() - UNDONE_FOR)
    number = old.count()
    old.delete()
    return number
