"""Every kind of view as a bystander, under real servers: answered, and not charged to the load."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from dashboard.targets.lifecycle.pool import Targets
from dashboard.wire.plan.bystander import marked
from tests.targets.client import Answer, fire
from tests.targets.warm import ignore, warm_pool

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]

LAB = """
[project]
name = "street"
wsgi = "street:wsgi"
asgi = "street:asgi"
neighbour = "/sync"

[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-gthread"]
variant.sync = { family = "sync", path = "/load" }
"""
STREET = """
import asyncio, threading
from django.conf import settings
if not settings.configured:
    settings.configure(ROOT_URLCONF="street", ALLOWED_HOSTS=["*"], SECRET_KEY="s", MIDDLEWARE=[])
import django
django.setup()
from asgiref.sync import sync_to_async
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.views import View

def sync(request):
    return HttpResponse("sync")

async def async_(request):
    await asyncio.sleep(0)
    return HttpResponse(request.GET.get("own", "async"))

class AsyncClass(View):
    async def get(self, request):
        return await async_(request)

def raising(request):
    raise LookupError("the bystander's own")

async def async_raising(request):
    raise LookupError("the bystander's own")

def streaming(request):
    return StreamingHttpResponse(iter([b"stream", b"ing"]))

async def async_streaming(request):
    async def pieces():
        for piece in (b"stream", b"ing"):
            await asyncio.sleep(0)
            yield piece
    return StreamingHttpResponse(pieces())

def threads(request):
    for _ in range(3):
        thread = threading.Thread(target=int)
        thread.start()
        thread.join()
    return HttpResponse("threads")

async def async_threads(request):
    return threads(request)

async def in_executor(request):
    work = sync_to_async(threads, thread_sensitive=False)
    return await work(request)

VIEWS = (
    sync, async_, raising, async_raising, streaming, async_streaming, threads, async_threads,
    in_executor,
)
urlpatterns = [path(view.__name__, view) for view in VIEWS]
urlpatterns += [path("async_class", AsyncClass.as_view()), path("load", sync)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
"""
BYSTANDERS = {
    "/sync": (200, b"sync"),
    "/async_": (200, b"async"),
    "/async_?own=query": (200, b"query"),
    "/async_class": (200, b"async"),
    "/raising": (500, None),
    "/async_raising": (500, None),
    "/streaming": (200, b"streaming"),
    "/async_streaming": (200, b"streaming"),
    "/threads": (200, b"threads"),
    "/async_threads": (200, b"threads"),
    "/in_executor": (200, b"threads"),
    "/nowhere": (404, None),
}
LOAD, BESIDE = 5, 4  # requests
firings = count(1)
SERVERS = [
    "gunicorn-gthread",
    "gunicorn-gevent",
    "waitress",
    "uvicorn",
    "daphne",
    "hypercorn",
    "granian-asgi",
]
SYNC_ONLY = {"gunicorn-gevent"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def targets(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Targets]:
    """One pool for all of these tests: each server is started once and kept warm."""
    directory: Path = tmp_path_factory.mktemp("street")
    (directory / "street.py").write_text(STREET)
    (directory / "lab.toml").write_text(LAB)
    async with warm_pool(directory / "lab.toml", directory) as pool:
        yield pool


async def counted(
    target: Any, bystander: str | None, load: int = LOAD
) -> tuple[dict[str, int], list[Answer]]:
    """The last row of a firing of the load, and the answers to the bystander beside it."""
    firing = next(firings)
    assert await target.begin(firing)
    beside = fire(target.port, marked(bystander), BESIDE, 1) if bystander else nothing()
    answers, loads = await asyncio.gather(beside, fire(target.port, "/load", load, 1))
    assert {answer.status for answer in loads} == {200}
    assert await target.end(firing, quiet_timeout_s=5)  # at once: nothing is stuck in the view
    rows = [row for row in target.take_rows(0) if "requests" in row]
    return rows[-1], answers


async def nothing() -> list[Answer]:
    """No bystander."""
    return []


@pytest.mark.parametrize("bystander", BYSTANDERS)
@pytest.mark.parametrize("server", ["gunicorn-gthread", "uvicorn"])
async def test_a_bystander_is_answered_and_only_the_load_is_counted(
    server: str, bystander: str, targets: Targets
) -> None:
    row, answers = await counted(await targets.ready(server, ignore), bystander)
    status, body = BYSTANDERS[bystander]
    assert {answer.status for answer in answers} == {status}
    assert {answer.body for answer in answers} == {body} or body is None
    assert (row["requests"], row["peak_in_app"], row["in_app"]) == (LOAD, 1, 0)
    assert (row["peak_in_view"], row["in_view"]) == (1, 0)
    assert row["neighbour_requests"] == BESIDE


@pytest.mark.parametrize("bystander", ["/threads", "/async_threads", "/in_executor"])
@pytest.mark.parametrize("server", SERVERS)
async def test_threads_are_charged_to_the_request_that_starts_them(
    server: str, bystander: str, targets: Targets
) -> None:
    """While both are under way: 4 bystanders that start 3 threads each, beside 10 of the load."""
    target = await targets.ready(server, ignore)
    if server in SYNC_ONLY and "async" in bystander:
        pytest.skip("no async views under gevent")
    for _ in range(2):  # a server's own pool has grown by then
        alone, _ = await counted(target, None, 10)
    row, _ = await counted(target, bystander, 10)
    assert abs(row["threads_started"] - alone["threads_started"]) <= 2
    assert row["neighbour_threads_started"] >= 3 * BESIDE
