"""Pages for what went wrong; a person never sees a traceback."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400: most often a Host that is not this machine."""
    return _error(request, 400, "That request was not understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _error(request, 403, "That is not allowed from here.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was not one of ours, or its page is older than the cookie."""
    return _error(request, 403, "This form is too old or came from elsewhere: reload the page.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    return _error(request, 404, "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """500: the details are in the log."""
    return _error(request, 500, "Liveburst itself failed; dashboard.log has the details.")


def _error(request: HttpRequest, status: int, message: str) -> HttpResponse:
    return render(
        request, "shared/error.html", {"status": status, "message": message}, status=status
    )
