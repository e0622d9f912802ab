"""The type of requests that have passed the HTMX middleware."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request with HTMX's details."""

    htmx: HtmxDetails
