"""One piece of middleware that can be called by sync code alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware


@sync_only_middleware
def sync_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Do nothing, as sync code: what is written without a thought of async is like this.

    Under ASGI Django calls it in a thread, and whatever comes after it from there.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    return middleware
