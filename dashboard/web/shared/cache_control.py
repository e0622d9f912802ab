"""Keeps pages, fragments, frames and exports out of every cache."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

# A run changes while it is looked at, and what it contains belongs to one user of the machine.
NOT_CACHED = "private, no-store"
View = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


@sync_and_async_middleware
def not_cached(get_response: View) -> View:
    """Return the middleware that adds `Cache-Control` to responses that lack it."""
    if iscoroutinefunction(get_response):

        async def answer_async(request: HttpRequest) -> HttpResponseBase:
            return _marked(await cast(Awaitable[HttpResponseBase], get_response(request)))

        return answer_async

    def answer(request: HttpRequest) -> HttpResponseBase:
        return _marked(cast(HttpResponseBase, get_response(request)))

    return answer


def _marked(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", NOT_CACHED)
    return response
