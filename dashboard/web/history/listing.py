"""The list of runs that match a search, as HTML; the runs of an experiment are folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string

from dashboard.models import Run
from dashboard.runs.archive import stored_runs
from dashboard.runs.archive.entries import Entry, entries, runs_of

from .experiment_rows import ExperimentView, experiment_views
from .run_rows import Choice, RunRows


class Listing:
    """The entries that match a request's search, and their rows.

    `?open=` is the experiment whose runs are shown.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.search = {key: request.GET.get(key, "").strip() for key in ("q", "status", "scenario")}

    @cached_property
    def _matching(self) -> QuerySet[Run]:
        search = self.search
        return stored_runs.find(search["q"], search["status"], search["scenario"])

    @property
    def entries(self) -> list[Entry]:
        """All matching runs and experiments."""
        return entries(self._matching)

    def rows(self, shown: Sequence[Entry], choice: Choice) -> list[str]:
        """Return the HTML of some entries; a single experiment is unfolded unless `?open=` is."""
        unfolded = self._request.GET.get("open")
        if unfolded is None and len(shown) == 1:
            unfolded = shown[0].experiment
        rows = RunRows(self._request, [entry.run for entry in shown], choice)
        experiments = experiment_views([entry for entry in shown if entry.experiment])
        html = []
        for entry in shown:
            if entry.run:
                html.append(rows.of(entry.run))
            elif entry.experiment == unfolded:
                html.append(self._unfolded(experiments[entry.experiment], choice))
            else:
                html.append(self._experiment(experiments[entry.experiment]))
        return html

    def experiment(self, experiment_id: str) -> str:
        """Return the HTML of one experiment, with the rows of its runs if `?open=` is its id."""
        members = runs_of(self._matching, experiment_id)
        view = experiment_views([Entry(experiment=experiment_id, runs=len(members))])[experiment_id]
        if self._request.GET.get("open") == experiment_id:
            return self._unfolded(view, Choice())
        return self._experiment(view)

    def _unfolded(self, experiment: ExperimentView, choice: Choice) -> str:
        members = runs_of(self._matching, experiment.id)
        rows = RunRows(self._request, members, replace(choice, by_default=False))
        return self._experiment(experiment, [rows.of(run) for run in members])

    def _experiment(self, experiment: ExperimentView, rows: Sequence[str] | None = None) -> str:
        query = self._request.GET.copy()
        query.pop("open", None)
        context = {"experiment": experiment, "rows": rows, "query": query.urlencode()}
        return render_to_string("history/experiment_rows.html", context, self._request)
