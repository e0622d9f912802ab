"""A small Django project whose processes are struck: it starts in a fraction of a real one's time.

`wsgi` and `asgi` are its applications. Settings are made upon import, so it is for the
interpreters of servers.
"""

from __future__ import annotations

import asyncio
import time

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="struck", ROOT_URLCONF=__name__, MIDDLEWARE=[])
django.setup()


def sync(request: HttpRequest) -> HttpResponse:
    """Wait in the request's thread."""
    time.sleep(float(request.GET["s"]))
    return HttpResponse()


async def async_(request: HttpRequest) -> HttpResponse:
    """Wait without blocking other requests."""
    await asyncio.sleep(float(request.GET["s"]))
    return HttpResponse()


def ping(request: HttpRequest) -> HttpResponse:
    """Answer the bystander's requests at once."""
    return HttpResponse()


urlpatterns = [path("sync", sync), path("async", async_), path("ping", ping)]
wsgi, asgi = WSGIHandler(), ASGIHandler()
