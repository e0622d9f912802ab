"""A view that does nothing: what everybody else asks for meanwhile."""

from django.http import HttpRequest, HttpResponse


def ping(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse("pong", content_type="text/plain")
