"""A middleware that only sync code can call."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def sync_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add a header, as a typical middleware that was written before async.

    Under ASGI Django runs it, and every middleware above it, in a thread.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["X-Passed"] = "sync-only"
        return response

    return middleware
