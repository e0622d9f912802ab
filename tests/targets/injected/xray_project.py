"""A small Django project: what the X-ray must find is planted in its views.

Its middleware is what PLANTED_MIDDLEWARE names, with commas between. `wsgi` and `asgi` are its
applications. Settings are made upon import, so it is for interpreters of its own.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import django
from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.template import Context, Template
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_only_middleware
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="planted",
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[name for name in os.environ.get("PLANTED_MIDDLEWARE", "").split(",") if name],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()


@sync_only_middleware
def sync_only(get_response: Any) -> Any:
    """A middleware that only sync code can call."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        return response

    return middleware


@async_only_middleware
def async_only(get_response: Any) -> Any:
    """A middleware that only async code can call."""

    async def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = await get_response(request)
        return response

    return middleware


WORK_S = 0.02
POOL = ThreadPoolExecutor(max_workers=4)
happened = Signal()


def listener(sender: Any, **named: Any) -> None:
    """A receiver of a signal of the project's own."""


happened.connect(listener)


def sync(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@csrf_exempt
def posted(request: HttpRequest) -> HttpResponse:
    """Answers 200 if the request arrived as it was sent, without the X-ray's own header."""
    sent = (request.method, request.headers.get("X-Own"), request.body)
    others = {"Liveburst-Xray", "Accept-Encoding"} & request.headers.keys()
    as_sent = sent == ("POST", "kept", b"a body") and not others
    return HttpResponse(status=200 if as_sent else 418)


@csrf_exempt
def uploaded(request: HttpRequest) -> HttpResponse:
    """Answers 200 if the file of a form arrived whole: 100,001 bytes of the pattern."""
    (file,) = request.FILES.getlist("file")
    whole = (b"0123456789abcdef" * 6251)[:100_001]
    length_is_sent = int(request.META["CONTENT_LENGTH"]) > len(whole)
    return HttpResponse(status=200 if length_is_sent and file.read() == whole else 418)


async def async_(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def work() -> None:
    time.sleep(WORK_S)


async def gathered(request: HttpRequest) -> HttpResponse:
    """Five at once, which are one after the other: all of them are for the request's one thread."""
    await asyncio.gather(*(sync_to_async(work)() for _ in range(5)))
    return HttpResponse()


async def one_by_one(request: HttpRequest) -> HttpResponse:
    """The same work, awaited in turn: nothing is queued."""
    for _ in range(5):
        await sync_to_async(work)()
    return HttpResponse()


async def side_by_side(request: HttpRequest) -> HttpResponse:
    """The same again, on threads of a pool."""
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.run_in_executor(POOL, work) for _ in range(4)))
    await asyncio.to_thread(work)
    return HttpResponse()


def database(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 'from secret' FROM sqlite_master WHERE name = %s", ["secret"])
        cursor.execute("CREATE TABLE IF NOT EXISTS planted (number integer)")
        cursor.executemany('INSERT INTO "planted" VALUES (%s)', [["value one"], ["value two"]])
    return HttpResponse()


def template(request: HttpRequest) -> HttpResponse:
    return HttpResponse(Template("{{ word }}", name="planted.html").render(Context({"word": 1})))


def thread(request: HttpRequest) -> HttpResponse:
    own = threading.Thread(target=work, name="my own")
    own.start()
    own.join()
    return HttpResponse()


def signal(request: HttpRequest) -> HttpResponse:
    happened.send(sender=None)
    return HttpResponse()


def there_and_back(request: HttpRequest) -> HttpResponse:
    """Sync calls async, which calls sync."""

    async def middle() -> None:
        await sync_to_async(work)()

    async_to_sync(middle)()
    return HttpResponse()


def broken(request: HttpRequest) -> HttpResponse:
    raise LookupError("the view's own")


def repeating(request: HttpRequest) -> HttpResponse:
    """Raises what it was sent, and logs it."""
    print(request.headers["X-Own"], file=sys.stderr, flush=True)
    raise LookupError(f"not known: {request.headers['X-Own']}")


VIEWS = (
    sync, posted, uploaded, async_, gathered, one_by_one, side_by_side, database, template, thread,
    signal, there_and_back, broken, repeating,
)  # fmt: skip
urlpatterns = [path(view.__name__, view) for view in VIEWS]


def __getattr__(name: str) -> Any:
    """The application that a server asks for."""
    if name == "wsgi":
        return WSGIHandler()
    if name == "asgi":
        return ASGIHandler()
    raise AttributeError(name)
