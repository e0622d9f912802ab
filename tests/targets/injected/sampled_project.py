"""A little Django project whose views spend their time in one planted line each.

The planted lines end with a comment that names the path. Settings are made upon import, so it is
for interpreters of its own: the servers'.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import django
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

SECONDS = 0.15
LOCK = threading.Lock()

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="planted",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[f"{__name__}.middleware", "django.middleware.common.CommonMiddleware"],
)
django.setup()


@sync_and_async_middleware
def middleware(get_response: Any) -> Any:
    """Waits before the view, if the path is its own."""
    if iscoroutinefunction(get_response):

        async def async_(request: HttpRequest) -> Any:
            if request.path == "/in_middleware":
                await asyncio.sleep(SECONDS)  # planted: in_middleware (ASGI)
            return await get_response(request)

        return async_

    def sync(request: HttpRequest) -> Any:
        if request.path == "/in_middleware":
            time.sleep(SECONDS)  # planted: in_middleware (WSGI)
        return get_response(request)

    return sync


def in_middleware(request: HttpRequest) -> HttpResponse:
    """Answers at once; the time is in the middleware."""
    return HttpResponse()


def sleeping(request: HttpRequest) -> HttpResponse:
    """Waits in a call of C that gives the GIL away."""
    time.sleep(SECONDS)  # planted: sleeping
    return HttpResponse()


def reading(request: HttpRequest) -> HttpResponse:
    """Waits for a peer that says nothing, as a client library does."""
    ours, peer = socket.socketpair()
    with ours, peer:
        ours.settimeout(SECONDS)
        with suppress(TimeoutError):
            ours.recv(1)  # planted: reading
    return HttpResponse()


def computing(request: HttpRequest) -> HttpResponse:
    """Computes in Python."""
    until = time.thread_time() + SECONDS
    while sum(range(1000)) and time.thread_time() < until:  # planted: computing
        pass
    return HttpResponse()


def locking(request: HttpRequest) -> HttpResponse:
    """Waits for a lock that another thread has."""
    LOCK.acquire(timeout=SECONDS)  # planted: locking
    return HttpResponse()


def bridging(request: HttpRequest) -> HttpResponse:
    """Waits, as a sync view, for a coroutine."""
    async_to_sync(pause)()
    return HttpResponse()


async def pause() -> None:
    """Wait without blocking."""
    await asyncio.sleep(SECONDS)  # planted: bridging, awaiting


async def awaiting(request: HttpRequest) -> HttpResponse:
    """Waits without blocking."""
    await pause()
    return HttpResponse()


async def holding(request: HttpRequest) -> HttpResponse:
    """Waits, and holds the event loop meanwhile."""
    time.sleep(SECONDS)  # noqa: ASYNC251 # planted: holding
    return HttpResponse()


async def querying(request: HttpRequest) -> HttpResponse:
    """Waits for sync work in a thread, as for a query."""
    await sync_to_async(query)()
    return HttpResponse()


def query() -> None:
    """Wait as a database's driver does."""
    time.sleep(SECONDS)  # planted: querying


LOCK.acquire()
VIEWS = (
    *(in_middleware, sleeping, reading, computing, locking, bridging),
    *(awaiting, holding, querying),
)
urlpatterns = [path(view.__name__, view) for view in VIEWS]


def __getattr__(name: str) -> Any:
    """The application that a server asks for."""
    if name not in {"wsgi", "asgi"}:
        raise AttributeError(name)
    return WSGIHandler() if name == "wsgi" else ASGIHandler()
