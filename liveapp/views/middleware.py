"""A view that does nothing, below no middleware, Django's default seven, or one that is sync only.

Which middleware a request passes through is decided before a view is looked for: `chains.py`.
"""

from django.http import HttpRequest, HttpResponse


def sync(request: HttpRequest) -> HttpResponse:
    """Answer at once."""
    return HttpResponse("answered", content_type="text/plain")


async def async_(request: HttpRequest) -> HttpResponse:
    """Answer at once, in the event loop."""
    return HttpResponse("answered", content_type="text/plain")
