"""One piece of middleware that can be called by sync code alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def sync_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Add a header, as sync code: what is written without a thought of async is like this.

    Under ASGI Django calls it in a thread, and everything that stands above it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers["X-Passed"] = "sync-only"
        return response

    return middleware
