"""A little Django project: each scenario of its lab.toml has one cause planted in its views.

`wsgi` and `asgi` are its applications. Settings are made upon import, so it is for
interpreters of its own: the servers'.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import django
from asgiref.sync import iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="planted",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[f"{__name__}.holding"],
)
django.setup()

PIECES = 4
CALLS = 4
request_count = count(1)


def seconds(request: HttpRequest) -> float:
    """How long this request is to wait or to compute, from its query."""
    return float(request.GET["s"])


def sync(request: HttpRequest) -> HttpResponse:
    """Waits, in a thread of its own."""
    time.sleep(seconds(request))
    return HttpResponse()


async def async_(request: HttpRequest) -> HttpResponse:
    """Waits without blocking other requests."""
    await asyncio.sleep(seconds(request))
    return HttpResponse()


async def blocking(request: HttpRequest) -> HttpResponse:
    """Waits, and holds the event loop meanwhile."""
    time.sleep(seconds(request))  # noqa: ASYNC251 - the cause that is planted here
    return HttpResponse()


async def awaiting_then_blocking(request: HttpRequest) -> HttpResponse:
    """Awaits a moment, so that many are in the view, and holds the event loop after it."""
    await asyncio.sleep(0.001)
    time.sleep(seconds(request))  # noqa: ASYNC251 - what is planted here
    return HttpResponse()


async def beside_a_timer(request: HttpRequest) -> HttpResponse:
    """Waits, while a timer that is part of no request holds the event loop for as long."""
    asyncio.get_running_loop().call_later(0, time.sleep, seconds(request))
    await asyncio.sleep(seconds(request))
    return HttpResponse()


async def in_executor(request: HttpRequest) -> HttpResponse:
    """Waits in a thread of the loop's default executor, which has few of them."""
    await sync_to_async(time.sleep, thread_sensitive=False)(seconds(request))
    return HttpResponse()


async def in_line(request: HttpRequest) -> HttpResponse:
    """Gathers calls that all want the request's one thread, and so are queued for it."""
    calls = (sync_to_async(time.sleep)(seconds(request)) for _ in range(CALLS))
    await asyncio.gather(*calls)
    return HttpResponse()


@sync_and_async_middleware
def holding(get_response: Any) -> Any:
    """Holds the event loop before the view, for the time in the request."""
    if not iscoroutinefunction(get_response):
        return get_response

    async def middleware(request: HttpRequest) -> Any:
        if "held" in request.GET:
            time.sleep(float(request.GET["held"]))  # noqa: ASYNC251 - what is planted here
        return await get_response(request)

    return middleware


def computing(request: HttpRequest) -> HttpResponse:
    """Uses CPU time, of its own thread's clock: the time that others took does not count."""
    until = time.thread_time() + seconds(request)
    while time.thread_time() < until:
        pass
    return HttpResponse()


def starting_threads(request: HttpRequest) -> HttpResponse:
    """Starts threads that have nothing to do."""
    for _ in range(int(request.GET["threads"])):
        thread = threading.Thread(target=nothing)
        thread.start()
        thread.join()
    return HttpResponse()


def nothing() -> None:
    """What such a thread does."""


def in_pieces(request: HttpRequest) -> StreamingHttpResponse:
    """A sync iterator: under ASGI, Django consumes it whole before the first byte leaves."""

    def pieces() -> Iterator[bytes]:
        for _ in range(PIECES):
            time.sleep(seconds(request))
            yield b"piece"

    return StreamingHttpResponse(pieces())


async def async_in_pieces(request: HttpRequest) -> StreamingHttpResponse:
    """An async iterator: each piece leaves at once."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(PIECES):
            await asyncio.sleep(seconds(request))
            yield b"piece"

    return StreamingHttpResponse(pieces())


async def beside_django(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An application of its own: its sync work has no request's thread, and so all share one."""
    await sync_to_async(time.sleep)(float(QueryDict(scope["query_string"])["s"]))
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})


async def failing(request: HttpRequest) -> HttpResponse:
    """Every tenth request fails."""
    await asyncio.sleep(seconds(request))
    return HttpResponse(status=503 if next(request_count) % 10 == 0 else 200)


VIEWS = (
    sync, async_, blocking, in_executor, in_line, computing, starting_threads, in_pieces,
    async_in_pieces, failing, beside_a_timer, awaiting_then_blocking,
)  # fmt: skip
urlpatterns = [path(view.__name__, view) for view in VIEWS]


def both(django: Any) -> Any:
    """Django, and beside it the application that is none of its views."""

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        beside = scope["type"] == "http" and scope["path"] == "/beside_django"
        await (beside_django if beside else django)(scope, receive, send)

    return application


def __getattr__(name: str) -> Any:
    """The application that a server asks for."""
    if name == "wsgi":
        return WSGIHandler()
    if name == "asgi":
        return both(ASGIHandler())
    raise AttributeError(name)
