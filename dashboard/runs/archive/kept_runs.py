"""The runs that are kept: found again, named, held against each other, thrown away."""

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
    """What cannot be done with this run, by field."""


def find(search: str = "", status: str = "", scenario: str = "") -> QuerySet[Run]:
    """The runs that are not deleted, pinned ones first, then the newest.

    Each word of `search` must stand somewhere: in address, name, notes, scenario, title or lanes.
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
    """The scenarios of the runs that are kept, in order."""
    found = Run.objects.filter(deleted=None).values_list("plan__scenario", flat=True)
    return sorted(set(found))


def describe(run: Run, name: str, notes: str) -> None:
    """Give a run a name and notes, either may be empty. Raises Refused."""
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
    """Make it the one that runs of its scenario are held against, in place of another."""
    if pinned:
        same = Run.objects.filter(plan__scenario=run.plan["scenario"], project=run.project)
        same.update(pinned=False)
    run.pinned = pinned
    run.save(update_fields=["pinned"])


def baseline_of(run: Run) -> Run | None:
    """The pinned run of the same scenario, unless it is this one."""
    same = find().filter(plan__scenario=run.plan["scenario"], project=run.project, pinned=True)
    return same.exclude(pk=run.pk).first()


def delete(run: Run) -> None:
    """Put a run away; `restore` brings it back until it is swept. Raises Refused."""
    if run.status in ACTIVE:
        raise Refused(Problem("run", "expected one that is over; stop it first"))
    run.deleted, run.pinned = now(), False
    run.save(update_fields=["deleted", "pinned"])


def restore(run: Run) -> None:
    """Bring a deleted run back."""
    run.deleted = None
    run.save(update_fields=["deleted"])


def purge() -> int:
    """Really delete what was put away long enough ago; how many runs that were."""
    old = Run.objects.filter(deleted__lt=now() - UNDONE_FOR)
    number = old.count()
    old.delete()
    return number
