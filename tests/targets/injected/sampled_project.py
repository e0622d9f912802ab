"""A little Django project whose views spend their time in one planted line each.

The planted lines end with a comment that names the path. Settings are made upon import, so it is
for interpreters of its own: the servers'.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import threading
import time
from contextlib import suppress
from typing import Any

import django
import requests
from asgiref.sync import async_to_sync, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.template import Context, Engine
from django.urls import path
from django.utils.decorators import sync_and_async_middleware

SECONDS = 0.1

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="planted",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[
        f"{__name__}.sync_only",
        f"{__name__}.both_kinds",
        "django.middleware.common.CommonMiddleware",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.PBKDF2PasswordHasher"],
)
django.setup()


def add_pause(connection: Any, **_: Any) -> None:
    """Add a function to SQLite that waits."""
    connection.connection.create_function("pause", 1, time.sleep)


connection_created.connect(add_pause)
connection.ensure_connection()  # imports what the first query would have to import
LOCK = threading.Lock()
LOCK.acquire()
SILENT = socket.create_server(("127.0.0.1", 0))  # accepts, and says nothing
TEMPLATE = Engine().from_string(
    "{% for a in rows %}{% for b in rows %}{{ a }}{% endfor %}{% endfor %}"
)
TEXT = json.dumps([{"name": str(number), "values": [number] * 5} for number in range(60_000)])
KEPT: list[Any] = []
# A resolver that is slow. Its file is no project's, as that of a library.
RESOLVER: dict[str, Any] = {"time": time}
exec(compile(f"def resolve(name):\n    time.sleep({SECONDS})", "/resolver.py", "exec"), RESOLVER)


@sync_and_async_middleware
def both_kinds(get_response: Any) -> Any:
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


def sync_only(get_response: Any) -> Any:
    """Waits before the view, in a thread under ASGI, if the path is its own."""

    def middleware(request: HttpRequest) -> Any:
        if request.path == "/in_sync_middleware":
            time.sleep(SECONDS)  # planted: in_sync_middleware
        return get_response(request)

    return middleware


def in_middleware(request: HttpRequest) -> HttpResponse:
    """Answers at once; the time is in the middleware."""
    return HttpResponse()


def in_sync_middleware(request: HttpRequest) -> HttpResponse:
    """Answers at once; the time is in the middleware."""
    return HttpResponse()


def sleeping(request: HttpRequest) -> HttpResponse:
    """Waits in a call of C that gives the GIL away."""
    time.sleep(SECONDS)  # planted: sleeping
    return HttpResponse()


def fetching(request: HttpRequest) -> HttpResponse:
    """Waits for a server that says nothing."""
    address = f"http://127.0.0.1:{SILENT.getsockname()[1]}/"
    with suppress(requests.RequestException):
        requests.get(address, timeout=SECONDS)  # planted: fetching
    return HttpResponse()


def computing(request: HttpRequest) -> HttpResponse:
    """Computes in Python."""
    until = time.thread_time() + SECONDS
    while sum(range(1000)) and time.thread_time() < until:  # planted: computing
        pass
    return HttpResponse()


def reading_a_file(request: HttpRequest) -> HttpResponse:
    """Reads much from a file."""
    until, buffer = time.monotonic() + SECONDS, bytearray(1 << 20)
    with open("/dev/zero", "rb", buffering=0) as file:  # noqa: PTH123
        while file.readinto(buffer) and time.monotonic() < until:  # planted: reading_a_file
            pass
    return HttpResponse()


def hashing(request: HttpRequest) -> HttpResponse:
    """Hashes a password, which takes a while on purpose."""
    make_password("planted")  # planted: hashing
    return HttpResponse()


def parsing(request: HttpRequest) -> HttpResponse:
    """Parses much JSON, in C. What is parsed is kept, as its release would take a while too."""
    KEPT.append(json.loads(TEXT))  # planted: parsing
    return HttpResponse()


def matching(request: HttpRequest) -> HttpResponse:
    """Matches a regular expression that tries everything, in C."""
    re.match("(a+)+$", "a" * 21 + "b")  # planted: matching
    return HttpResponse()


def locking(request: HttpRequest) -> HttpResponse:
    """Waits for a lock that another thread has."""
    LOCK.acquire(timeout=SECONDS)  # planted: locking
    return HttpResponse()


def starting_a_process(request: HttpRequest) -> HttpResponse:
    """Waits for another process."""
    subprocess.run(["sleep", f"{SECONDS}"], check=True)  # planted: starting_a_process
    return HttpResponse()


def resolving(request: HttpRequest) -> HttpResponse:
    """Waits for the address of a name."""
    RESOLVER["resolve"]("planted.example")  # planted: resolving
    return HttpResponse()


def rendering(request: HttpRequest) -> HttpResponse:
    """Renders a template with many loops."""
    TEMPLATE.render(Context({"rows": range(200)}))  # planted: rendering
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
    """Waits for a query, in a thread."""
    await sync_to_async(query)()
    return HttpResponse()


def query() -> None:
    """Run a statement that takes a while."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pause(%s)", [SECONDS])  # planted: querying


VIEWS = (
    *(in_middleware, in_sync_middleware, sleeping, fetching, computing, reading_a_file, hashing),
    *(parsing, matching, locking, starting_a_process, resolving, rendering, bridging, awaiting),
    *(holding, querying),
)
urlpatterns = [path(view.__name__, view) for view in VIEWS]


def __getattr__(name: str) -> Any:
    """The application that a server asks for."""
    if name not in {"wsgi", "asgi"}:
        raise AttributeError(name)
    return WSGIHandler() if name == "wsgi" else ASGIHandler()
