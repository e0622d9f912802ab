"""A stored run that cannot be shown, whatever is in its row: one sentence, and a way to delete it.

Nothing here reads more of the run than its id.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.database.problems import as_unusable
from dashboard.state.home import DATABASE, home

from .queue_chips import chips

logger = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
# Django turns these into responses of their own.
ANSWERED = (Http404, PermissionDenied, SuspiciousOperation, BadRequest)


def shows_run(view: View) -> View:
    """Decorate a view of one run: what it raises is logged, and answered with 422 and Delete."""
    decorated: Any = _async_view(view) if iscoroutinefunction(view) else _sync_view(view)
    return decorated  # type: ignore[no-any-return] # of the view's own type


def _sync_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def guarded(request: HttpRequest, run_id: str, **arguments: str) -> HttpResponse:
        try:
            return view(request, run_id=run_id, **arguments)
        except ANSWERED:
            raise
        except Exception as error:
            let_pass(error)
            _log(request, run_id)
            return cannot_be_shown(request, run_id)

    return guarded


def _async_view(
    view: Callable[..., Awaitable[HttpResponse]],
) -> Callable[..., Awaitable[HttpResponse]]:
    @wraps(view)
    async def guarded(request: HttpRequest, run_id: str, **arguments: str) -> HttpResponse:
        try:
            return await view(request, run_id=run_id, **arguments)
        except ANSWERED:
            raise
        except Exception as error:
            let_pass(error)
            _log(request, run_id)
            return await sync_to_async(cannot_be_shown)(request, run_id)

    return guarded


def let_pass(error: Exception) -> None:
    """Raise an error of the whole database or its disk: it is no matter of one run."""
    if concerns_all_runs(error):
        raise error


def concerns_all_runs(error: Exception) -> bool:
    """Return True for an error of the whole database or its disk."""
    return as_unusable(error, home() / DATABASE) is not None


def _log(request: HttpRequest, run_id: str) -> None:
    """Log the exception that is being handled."""
    logger.exception("Run %s cannot be shown at %s", run_id, request.path)


def cannot_be_shown(request: HttpRequest, run_id: str) -> HttpResponse:
    """Return the page, or the fragment, that takes the place of a damaged run."""
    fragment = bool(request.headers.get("HX-Request"))
    template = "shared/unreadable_part.html" if fragment else "shared/unreadable.html"
    context = {"run_id": run_id, "queue": [] if fragment else chips()}
    return render(request, template, context, status=422)
