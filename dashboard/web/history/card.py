"""A run's picture at an address of its own, for pages that show it and for the clipboard."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_safe

from dashboard.models import Run
from dashboard.runs.archive.masked import masked_run
from dashboard.web.run.card.card import MEDIA_TYPE, card_policy, svg
from dashboard.web.shared.unreadable import shows_run

# Addresses that mean nothing on another machine.
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@require_safe
@shows_run
def card(request: HttpRequest, run_id: str) -> HttpResponse:
    """Return the picture; `?scheme=` is light or dark, without it the viewer's."""
    run = masked_run(get_object_or_404(Run, pk=run_id))
    text = svg(run, request.GET.get("scheme", ""), address_of(request, run_id))
    headers = {"Content-Security-Policy": card_policy(text)}
    return HttpResponse(text, content_type=MEDIA_TYPE, headers=headers)


def address_of(request: HttpRequest, run_id: str) -> str:
    """Return the address of the run's page if others can open it, else an empty text."""
    if urlsplit(f"//{request.get_host()}").hostname in LOOPBACK:
        return ""
    return request.build_absolute_uri(reverse("run", args=[run_id]))
