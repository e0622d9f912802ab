"""What an application raises after its answer began: quoted under WSGI and ASGI alike."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from tests.targets.helpers import until_async
from tests.targets.warm import ignore, warm_pool

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]

LAB = """
[project]
name = "river"
wsgi = "river:wsgi"
asgi = "river:asgi"

[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-gthread"]
variant.sync = { family = "sync", path = "/sync" }
"""
RIVER = """
from django.conf import settings
if not settings.configured:
    settings.configure(ROOT_URLCONF="river", ALLOWED_HOSTS=["*"], SECRET_KEY="s", MIDDLEWARE=[])
import django
django.setup()
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path

def sync(request):
    def pieces():
        yield b"begun"
        raise RuntimeError("broke midway")
    return StreamingHttpResponse(pieces())

async def async_(request):
    async def pieces():
        yield b"begun"
        raise RuntimeError("broke midway")
    return StreamingHttpResponse(pieces())

class Closing(HttpResponse):
    def close(self):
        super().close()
        raise RuntimeError("broke midway")

def closing(request):
    return Closing("begun")

urlpatterns = [path(view.__name__, view) for view in (sync, async_, closing)]
django_wsgi, django_asgi = get_wsgi_application(), get_asgi_application()

def wsgi(environ, start_response):
    if environ["PATH_INFO"] != "/bare":
        return django_wsgi(environ, start_response)
    write = start_response("200 OK", [("Content-Length", "100")])
    write(b"begun")
    raise RuntimeError("broke midway")

async def asgi(scope, receive, send):
    if scope["type"] != "http" or scope["path"] != "/bare":
        return await django_asgi(scope, receive, send)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    raise RuntimeError("broke midway")
"""
RAISED_IN = {"/sync": {"pieces"}, "/async_": {"pieces"}, "/closing": {"close"}}
BARE = {"wsgi", "asgi"}
SERVERS = ["gunicorn-gthread", "waitress", "uvicorn", "daphne"]
LOAD = 3
firings = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def targets(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Targets]:
    """One pool for all of these tests: each server is started once and kept warm."""
    directory: Path = tmp_path_factory.mktemp("river")
    (directory / "river.py").write_text(RIVER)
    (directory / "lab.toml").write_text(LAB)
    async with warm_pool(directory / "lab.toml", directory) as pool:
        yield pool


@asynccontextmanager
async def request_open(target: Target, path: str) -> AsyncIterator[None]:
    """Ask once, and stay connected without waiting for an answer.

    Daphne ends no answer whose application raised, and an application whose client leaves may be
    cancelled before it raises.
    """
    _, writer = await asyncio.open_connection(target.host, target.port)
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    writer.write(head.encode())
    try:
        yield
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize("path", [*RAISED_IN, "/bare"])
@pytest.mark.parametrize("server", SERVERS)
async def test_an_exception_midway_is_quoted_for_the_load_and_not_for_the_bystander(
    server: str, path: str, targets: Targets
) -> None:
    target = await targets.ready(server, ignore)
    firing = next(firings)
    assert await target.begin(firing)
    async with AsyncExitStack() as connections:
        for each in [f"{path}?liveburst-neighbour", *[path] * LOAD]:
            await connections.enter_async_context(request_open(target, each))
        await until_async(lambda: sum(kind["count"] for kind in target.answers) >= LOAD)
        assert await target.end(firing, quiet_timeout_s=5)
    (kind,) = target.answers
    file, _, name = str(kind["where"]).partition(" ")
    assert file.startswith("river.py:")
    assert name in RAISED_IN.get(path, BARE)
    expected = {"status": None, "type": "RuntimeError", "message": "broke midway", "count": LOAD}
    assert {key: value for key, value in kind.items() if key in expected} == expected
