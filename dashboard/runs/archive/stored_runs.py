"""Stored runs: searched, named, pinned as a baseline."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q, QuerySet

from dashboard.models import Run
from dashboard.project.secrets.masking import masked
from dashboard.runs.reports.readable import UNREADABLE, readable
from dashboard.wire.errors import Invalid, Problem

MAX_NAME, MAX_NOTES = 100, 10_000


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
    except UNREADABLE:
        ids = list(stored.values_list("pk", flat=True))
        plans = [run.plan for run in readable_runs(ids).values()]
        names = [plan.get("scenario") for plan in plans if isinstance(plan, dict)]
    return sorted({name for name in names if printable(name)})


def printable(value: object) -> bool:
    """Return True for text that can be encoded: without a lone surrogate."""
    try:
        return isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:
        return False


def readable_runs(ids: Sequence[str]) -> dict[str, Run]:
    """Return the runs of these ids with their lanes, without those whose rows cannot be read."""
    runs = Run.objects.filter(pk__in=ids).prefetch_related("lanes")
    return {run.pk: run for run in readable(runs)}


def describe(run: Run, name: str, notes: str) -> None:
    """Set a run's name and notes, secrets masked; either may be empty. Raises Refused."""
    problems = [
        Problem(field, f"expected at most {most:,} characters, found {len(text):,}")
        for field, text, most in (("name", name, MAX_NAME), ("notes", notes, MAX_NOTES))
        if len(text) > most
    ]
    if problems:
        raise Refused(*problems)
    # A replacement may be longer than what it replaces.
    run.name = masked(name.strip())[:MAX_NAME]
    run.notes = masked(notes.strip())[:MAX_NOTES]
    run.save(update_fields=["name", "notes"])


def pin(run: Run, pinned: bool) -> None:
    """Make a run the baseline of its scenario, in place of another one, or undo that."""
    if pinned:
        same = Run.objects.filter(plan__scenario=run.plan["scenario"], project=run.project)
        same.update(pinned=False)
    run.pinned = pinned
    run.save(update_fields=["pinned"])


def baseline_of(run: Run) -> Run | None:
    """Return the pinned run of the same scenario, by its id alone, unless it is this one.

    None if it has no report, so that nothing can be compared with it.
    """
    same = find().filter(plan__scenario=run.plan["scenario"], project=run.project, pinned=True)
    same = same.filter(report__isnull=False)
    return same.exclude(pk=run.pk).only("pk").first()  # whatever else its row contains
