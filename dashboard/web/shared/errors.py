"""Error pages; tracebacks are never shown."""

from __future__ import annotations

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from dashboard.database.problems import as_unusable
from dashboard.runs.planning.program import suggested_command
from dashboard.state.home import DATABASE, home
from dashboard.web.access.forwarded import HOST_LINE


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, mostly for a Host header that does not name this machine."""
    return _error(request, 400, "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _error(request, 403, "This is not allowed from here.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form is from another site, or its page is older than the cookie."""
    message = "This form has expired or came from another site: reload the page."
    if settings.EXPOSURE.exposed and reason.startswith("Origin checking failed"):
        message += f" If the page itself shows this, its proxy lacks the line {HOST_LINE}"
    return _error(request, 403, message)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _error(request, 404, "There is no page at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 if the database or its disk cannot be used; the log has the details."""
    error = sys.exc_info()[1]  # the one that Django is answering
    if error is not None and (unusable := as_unusable(error, home() / DATABASE)):
        check = f"To check everything: {suggested_command('doctor')}"
        return _error(request, 503, f"{unusable} {check}")
    return _error(request, 500, "Liveburst itself failed; dashboard.log has the details.")


def _error(request: HttpRequest, status: int, message: str) -> HttpResponse:
    return render(
        request, "shared/error.html", {"status": status, "message": message}, status=status
    )
