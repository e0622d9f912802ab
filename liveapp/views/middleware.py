"""An empty view below no middleware, Django's default seven, or these and a sync-only one.

The middleware of a request is chosen by its path, before the view: `chains.py`.
"""

from django.http import HttpRequest, HttpResponse


def sync(request: HttpRequest) -> HttpResponse:
    """Respond at once."""
    return HttpResponse("answered", content_type="text/plain")


async def async_(request: HttpRequest) -> HttpResponse:
    """Respond at once, in the event loop."""
    return HttpResponse("answered", content_type="text/plain")
