"""The entries of the list of runs: a run, or an experiment in place of all of its runs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from dashboard.models import Run


@dataclass(frozen=True)
class Entry:
    """A run by its id, or an experiment by its id with the number of its runs that match."""

    run: str = ""
    experiment: str = ""
    runs: int = 0


def entries(matching: QuerySet[Run]) -> list[Entry]:
    """Return an entry for each run, in the same order, but one for all runs of an experiment.

    It takes the place of the first of them. A pinned run also has an entry of its own, so that a
    baseline is where baselines are.
    """
    rows = list(matching.values_list("pk", "experiment_id", "pinned"))
    folded: dict[str, int] = {}
    for _, experiment, _ in rows:
        if experiment:
            folded[experiment] = folded.get(experiment, 0) + 1
    result = []
    for run, experiment, pinned in rows:
        if not experiment or pinned:
            result.append(Entry(run))
        if not pinned and experiment in folded:
            result.append(Entry(experiment=experiment, runs=folded.pop(experiment)))
    # Of an experiment whose only match is pinned, that run is enough.
    return result


def runs_of(matching: QuerySet[Run], experiment: str) -> list[str]:
    """Return the ids of an experiment's runs, in the order in which they were fired."""
    members = matching.filter(experiment=experiment).order_by("position")
    return list(members.values_list("pk", flat=True))


def sizes(experiments: Collection[str]) -> dict[str, int]:
    """Return how many runs each of these experiments has, whether or not they match a search."""
    stored = Run.objects.filter(experiment__in=experiments, deleted=None)
    rows = stored.order_by().values("experiment").annotate(runs=Count("pk"))
    return {row["experiment"]: row["runs"] for row in rows}
