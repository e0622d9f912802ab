"""The rows of the page Runs. A run that cannot be shown costs its own row and no other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from django.http import HttpRequest
from django.template.loader import render_to_string

from dashboard.models import Run
from dashboard.runs.archive import stored_runs
from dashboard.runs.reports.stored import has_samples
from dashboard.web.run.run_view import view_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Choice:
    """The runs chosen to be compared, by id; `by_default` the first two that can be."""

    first: str = ""
    second: str = ""
    by_default: bool = True


class RunRows:
    """Renders the rows of these runs, one after the other."""

    def __init__(self, request: HttpRequest, ids: Sequence[str], choice: Choice) -> None:
        self._request = request
        self._runs: Mapping[str, Run] = stored_runs.readable_runs(ids)
        self._choice = choice
        self._comparable = count(1)

    def of(self, run_id: str) -> str:
        """Return the HTML of a run's row."""
        try:
            run = self._runs[run_id]
            context = {"run": view_of(run), "label": run.label, **self._compared(run)}
            row = render_to_string("history/run_row.html", context, self._request)
            row.encode()  # a lone surrogate would fail in the response, and with it the page
        except Exception:
            logger.exception("Run %s cannot be shown", run_id)
            context = {"run_id": run_id}
            return render_to_string("history/unreadable_row.html", context, self._request)
        return row

    def _compared(self, run: Run) -> dict[str, bool]:
        """Return whether the run can be compared, and whether it is chosen as one of two."""
        if not has_samples(run):
            return {"comparable": False}
        place, choice = next(self._comparable), self._choice
        newer, older = choice.by_default and place == 1, choice.by_default and place == 2
        return {
            "comparable": True,
            "first": choice.first == run.pk if choice.first else older,
            "second": choice.second == run.pk if choice.second else newer,
        }
