"""Experiments on the page Runs, each in place of its runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard.models import Experiment, Run
from dashboard.runs.archive.entries import Entry, sizes
from dashboard.runs.archive.stored_runs import printable
from dashboard.runs.reports.readable import readable
from dashboard.web.run.run_view import ago, state_word
from dashboard.web.shared.experiment_address import experiment_address
from dashboard.wire.plural import counted


@dataclass(frozen=True)
class ExperimentView:
    """An experiment; `created` is None, and texts are empty, if its row cannot be read."""

    id: str
    kind: str
    title: str
    url: str
    status: str
    active: bool
    runs: str  # how many it has, and how many of those match the search
    states: str
    created: datetime | None

    @property
    def state(self) -> str:
        """The status as pages show it."""
        return state_word(self.status)

    @property
    def ago(self) -> str:
        """How long ago it was created."""
        return ago(self.created) if self.created else ""

    @property
    def words(self) -> str:
        """What it is, in a sentence: its kind, title and id."""
        return f"{self.kind} {self.title} ({self.id})" if self.kind else self.id


def experiment_views(entries: Sequence[Entry]) -> dict[str, ExperimentView]:
    """Return a view for each entry of an experiment, by id."""
    ids = {entry.experiment for entry in entries}
    stored = readable(Experiment.objects.filter(pk__in=ids).defer("question"))
    by_id = {experiment.pk: experiment for experiment in stored}
    of_all, states = sizes(ids), _states(ids)
    return {
        entry.experiment: _view(entry, by_id.get(entry.experiment), of_all, states)
        for entry in entries
    }


def _view(
    entry: Entry,
    experiment: Experiment | None,
    of_all: Mapping[str, int],
    states: Mapping[str, str],
) -> ExperimentView:
    total = of_all.get(entry.experiment, 0)
    runs = counted(total, "run")
    if entry.runs < total:
        runs = f"{entry.runs:,} of {runs}"
    return ExperimentView(
        id=entry.experiment,
        kind=experiment.kind if experiment else "",
        title=experiment.title if experiment and printable(experiment.title) else "",
        url=experiment_address(experiment) if experiment else "",
        status=experiment.status if experiment else "",
        active=experiment.active if experiment else False,
        runs=runs,
        states=states.get(entry.experiment, ""),
        created=experiment.created if experiment else None,
    )


def _states(experiments: set[str]) -> dict[str, str]:
    """Return *7 finished, 1 failed* for each experiment."""
    stored = Run.objects.filter(experiment__in=experiments, deleted=None).order_by("position")
    counts: dict[str, Counter[str]] = {}
    for experiment, status in stored.values_list("experiment", "status"):
        counts.setdefault(experiment, Counter())[state_word(status)] += 1
    return {
        experiment: ", ".join(f"{number} {state}" for state, number in states.most_common())
        for experiment, states in counts.items()
    }
