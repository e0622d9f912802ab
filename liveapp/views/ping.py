"""An empty view, for the bystander's requests."""

from django.http import HttpRequest, HttpResponse


def ping(request: HttpRequest) -> HttpResponse:
    """Respond at once."""
    return HttpResponse("pong", content_type="text/plain")
