"""The address `runs/`: GET lists the runs that are kept, POST fires a new one."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from .archive import history
from .htmx import HtmxRequest
from .views import fire


@require_http_methods(["GET", "POST"])
async def runs(request: HtmxRequest) -> HttpResponse:
    """Return the history, or fire what the form says."""
    if request.method == "POST":
        return await fire(request)
    return await sync_to_async(history)(request)
