"""The rows of the page Runs. A run that cannot be shown costs its own row and no other."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from django.http import HttpRequest
from django.template.loader import render_to_string

from dashboard.models import Run
from dashboard.runs.archive import stored_runs
from dashboard.web.run.run_view import view_of

logger = logging.getLogger(__name__)


def run_rows(request: HttpRequest, ids: Sequence[str]) -> list[str]:
    """Return the HTML of the rows of these runs."""
    runs = stored_runs.readable(ids)
    return [_row(request, runs, run_id, position) for position, run_id in enumerate(ids, start=1)]


def _row(request: HttpRequest, runs: Mapping[str, Run], run_id: str, position: int) -> str:
    try:
        context = {"run": view_of(runs[run_id]), "position": position}
        row = render_to_string("history/run_row.html", context, request)
        row.encode()  # a lone surrogate would fail in the response, and with it the page
    except Exception:
        logger.exception("Run %s cannot be shown", run_id)
        return render_to_string("history/unreadable_row.html", {"run_id": run_id}, request)
    return row


def deleted_runs() -> list[tuple[str, str]]:
    """Return the id and the name of the runs that were deleted last."""
    deleted = Run.objects.exclude(deleted=None).order_by("-deleted")
    ids = list(deleted.values_list("pk", flat=True)[:5])
    runs = stored_runs.readable(ids)
    return [(run_id, _name(runs.get(run_id))) for run_id in ids]


def _name(run: Run | None) -> str:
    name = (run.name or run.title) if run else ""
    return name if stored_runs.printable(name) else ""
