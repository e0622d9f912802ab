"""Requests as the HTMX middleware passes them on."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails


class HtmxRequest(HttpRequest):
    """A request with what HTMX says of it."""

    htmx: HtmxDetails
