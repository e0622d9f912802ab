"""The address `runs/`: GET lists the stored runs, POST starts a new one."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from dashboard.web.bench.views import fire
from dashboard.web.history.views import history
from dashboard.web.shared.htmx import HtmxRequest


@require_http_methods(["GET", "HEAD", "POST"])
async def runs(request: HtmxRequest) -> HttpResponse:
    """Return the list of runs, or start the run that the form describes."""
    if request.method == "POST":
        return await fire(request)
    return await sync_to_async(history)(request)
