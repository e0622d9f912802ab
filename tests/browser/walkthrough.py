"""The walk-through of docs/where.md: a project with a planted call, from its cause to the change.

A report waits for an API. Its async view was made of the sync one and still calls `requests.get`.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Browser, Page, ViewportSize, expect

from .bench import run_it, unfold, wait_for_bars, wait_for_status
from .conftest import serving

VIEW: ViewportSize = {"width": 1440, "height": 800}
SLOWEST_MS = 240_000
REQUESTS = 40
PLANTED, AWAITED = "async@uvicorn", "awaited@uvicorn"

VIEWS = '''"""The report as three views: sync, async as first written, and as it should be."""

import os

import httpx
import requests
from django.http import HttpResponse, JsonResponse

API = os.environ.get("API_URL", "")
client = httpx.AsyncClient()


def ping(request):
    """An unrelated view: what other users feel."""
    return HttpResponse("pong")


def report_sync(request):
    answer = requests.get(API)
    return JsonResponse(answer.json())


async def report(request):
    answer = requests.get(API)  # holds the event loop for as long as the API takes
    return JsonResponse(answer.json())


async def report_awaited(request):
    answer = await client.get(API)
    return JsonResponse(answer.json())
'''
URLS = """from django.urls import path

from . import views

urlpatterns = [
    path("ping/", views.ping),
    path("sync/", views.report_sync),
    path("async/", views.report),
    path("awaited/", views.report_awaited),
]
"""
SETTINGS = """SECRET_KEY = "no secret"
ROOT_URLCONF = "shop.urls"
ALLOWED_HOSTS = ["*"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
"""
APPLICATION = """from django.core.{kind} import get_{kind}_application

application = get_{kind}_application()
"""
API = '''"""The API: answers each request after 50 ms."""

import asyncio
import sys

BODY = b'{"total": 1}'
HEAD = b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: %d\\r\\n\\r\\n"


async def serve(reader, writer):
    try:
        while await reader.readuntil(b"\\r\\n\\r\\n"):
            await asyncio.sleep(0.05)
            writer.write(HEAD % len(BODY) + BODY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def main(port):
    server = await asyncio.start_server(serve, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


asyncio.run(main(int(sys.argv[1])))
'''
LAB = """[project]
name = "shop"
wsgi = "shop.wsgi:application"
asgi = "shop.asgi:application"
python = {python}
env = {{ DJANGO_SETTINGS_MODULE = "shop.settings", NO_PROXY = "127.0.0.1" }}
neighbour = "/ping/"

[companion.api]
command = ["python", "api.py", "{{port}}"]
env = {{ API_URL = "http://127.0.0.1:{{port}}/" }}

[scenario.report]
title = "A report from an API"
lanes = ["sync@gunicorn-gthread", "{planted}"]
load = {{ requests = {requests}, rounds = 5 }}

[scenario.report.variant.sync]
family = "sync"
path = "/sync/"
source = "shop.views:report_sync"

[scenario.report.variant.async]
family = "async"
path = "/async/"
source = "shop.views:report"

[scenario.report.variant.awaited]
family = "async"
path = "/awaited/"
source = "shop.views:report_awaited"
"""


def write_project(directory: Path) -> Path:
    """Write the project; return the path of its lab.toml."""
    files = {
        "shop/__init__.py": "",
        "shop/settings.py": SETTINGS,
        "shop/urls.py": URLS,
        "shop/views.py": VIEWS,
        "shop/wsgi.py": APPLICATION.format(kind="wsgi"),
        "shop/asgi.py": APPLICATION.format(kind="asgi"),
        "api.py": API,
        "lab.toml": LAB.format(
            python=json.dumps(sys.executable), planted=PLANTED, requests=REQUESTS
        ),
    }
    (directory / "shop").mkdir()
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory / "lab.toml"


def take_pictures(browser: Browser, directory: Path) -> None:
    """Fire, sample, and fire what is advised; write the pictures of each step."""
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory() as project:
        lab = write_project(Path(project))
        with serving(Path(home), "--project", str(lab)) as address:
            _walk(browser, address, directory)


def _walk(browser: Browser, address: str, directory: Path) -> None:
    _run(browser, address)  # servers and the engine are warm from here on
    run = _run(browser, address)
    with _page(browser, run) as page:
        page.get_by_role("radio", name="Where", exact=True).check()
        page.get_by_role("button", name="Sample all lanes").click()
        expect(page.locator(".where-lane")).to_have_count(2, timeout=SLOWEST_MS)
    with _page(browser, run) as page:
        _drawn(page)
        page.screenshot(path=directory / "where-cause.png")
        page.get_by_role("radio", name="Where", exact=True).check()
        page.locator(".where-pair").screenshot(path=directory / "where-pair.png")
        lane = page.locator(".where-lane[data-family=async]")
        _zoom_into_what_held_the_loop(page)
        # What stays in sight would cover what is photographed.
        page.locator(".bar, #fire").evaluate_all(
            "all => all.forEach(part => { part.style.position = 'static'; })"
        )
        lane.screenshot(path=directory / "where-lines.png")
        advice = page.locator("#try")
        advice.screenshot(path=directory / "where-try.png")
        advice.get_by_role("button", name=f"Fire {AWAITED}").click()
        page.wait_for_url(lambda url: url != run)
        second = page.url
    with _page(browser, second) as page:
        _drawn(page)
        page.screenshot(path=directory / "where-confirmed.png")
    with _page(browser, run) as page:
        page.locator("#try").screenshot(path=directory / "where-held.png")


def _run(browser: Browser, address: str) -> str:
    """Return the address of a finished run; no page draws it while it is measured."""
    with _page(browser, address) as page:
        page.wait_for_selector("#connection[data-state=live]")
        unfold(page)
        run = run_it(page)
    with _page(browser, urljoin(address, f"/runs/{run}/")) as page:
        wait_for_status(page, "finished")
    return urljoin(address, f"/runs/{run}/")


@contextmanager
def _page(browser: Browser, address: str) -> Iterator[Page]:
    """Open a page once no run is active."""
    page = browser.new_page(viewport=VIEW)
    page.set_default_timeout(SLOWEST_MS)
    page.goto(urljoin(address, "/explore/"))
    expect(page.locator("#queue [data-run]")).to_have_count(0, timeout=SLOWEST_MS)
    page.goto(address)
    yield page
    page.close()


def _drawn(page: Page) -> None:
    wait_for_status(page, "finished")
    wait_for_bars(page, REQUESTS)
    page.evaluate("scrollTo(0, 0)")


def _zoom_into_what_held_the_loop(page: Page) -> None:
    """Zoom the async lane's flame graph: while one request holds the loop, all others wait."""
    page.locator(".where-lane[data-family=async] .frame[data-state=holding]").first.click()
