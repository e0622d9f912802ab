"""The probe around Django's own handlers: every kind of view is stamped, under both of them."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views import View

from .calls import Call, Probe, ask, environ, wrapped


def sync(request: HttpRequest) -> HttpResponse:
    time.sleep(0.001)
    return HttpResponse("sync")


async def async_(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0.001)
    return HttpResponse("async")


class SyncClass(View):
    def get(self, request: HttpRequest) -> HttpResponse:
        return sync(request)


class AsyncClass(View):
    async def get(self, request: HttpRequest) -> HttpResponse:
        return await async_(request)


def broken(request: HttpRequest) -> HttpResponse:
    raise LookupError("the view's own")


urlpatterns = [
    path("sync", sync),
    path("async", async_),
    path("sync-class", SyncClass.as_view()),
    path("async-class", AsyncClass.as_view()),
    path("broken", broken),
]
PATHS = ["sync", "async", "sync-class", "async-class"]


@pytest.fixture(autouse=True)
def project(settings: Any, monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    """This module as a project, its views watched by the probe while a test runs."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    for name in ("make_view_atomic", "get_response", "get_response_async"):
        monkeypatch.setattr(BaseHandler, name, getattr(BaseHandler, name))
    probe.django_views.watch_views()


def check(stamps: list[int], probe: Probe) -> None:
    entered, view_entered, view_left, _ = stamps
    assert 0 < entered <= view_entered
    assert view_left - view_entered >= 1_000_000
    counts = probe.counters.LOAD.report()
    assert (counts["peak_in_view"], counts["in_view"], counts["in_app"]) == (1, 0, 0)


@pytest.mark.parametrize("name", PATHS)
def test_under_wsgi(name: str, probe: Probe) -> None:
    call = Call(wrapped(probe, WSGIHandler()), environ(f"/{name}"))
    assert b"".join(call.body) == name.removesuffix("-class").encode()
    call.body.close()
    check(call.stamps, probe)


@pytest.mark.parametrize("name", PATHS)
async def test_under_asgi(name: str, probe: Probe) -> None:
    start, body = await ask(wrapped(probe, ASGIHandler(), "asgi"), f"/{name}")
    assert body["body"] == name.removesuffix("-class").encode()
    (value,) = [value for header, value in start["headers"] if header == b"liveburst"]
    check([int(part) for part in value.split()], probe)


def test_a_view_that_raises_has_left(probe: Probe) -> None:
    call = Call(wrapped(probe, WSGIHandler()), environ("/broken"))
    assert call.status.startswith("500")
    call.body.close()
    assert min(call.stamps) > 0
    assert probe.counters.LOAD.report()["in_view"] == 0


def test_watching_twice_stamps_once(probe: Probe) -> None:
    watched = BaseHandler.make_view_atomic
    probe.django_views.watch_views()
    assert BaseHandler.make_view_atomic is watched


def test_a_request_that_bypassed_the_probe_is_answered(probe: Probe) -> None:
    call = Call(WSGIHandler(), environ("/sync"))
    assert call.status == "200 OK"
    call.body.close()
