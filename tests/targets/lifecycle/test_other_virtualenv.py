"""A project with its own virtualenv, Python and Django, none of which is modified."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dashboard.targets.injected import PROBE
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.preparation.server_packages import PROJECT_ENVIRONMENT
from dashboard.wire.errors import TargetFailed
from tests.firing import burst, engine, fire, in_order
from tests.targets import client
from tests.targets.helpers import AVAILABLE, ROOT
from tests.targets.warm import ignore, warm_pool
from tests.virtualenvs import DJANGO_4, prepared_virtualenv

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]

LAB = """
[project]
name = "shop"
wsgi = "shop:wsgi"
asgi = "shop:asgi"
PYTHON
[scenario.ask]
title = "Asking"
lanes = ["sync@gunicorn-sync"]
[scenario.ask.variant.sync]
family = "sync"
path = "/"
"""
DJANGO = """
import os, sys
from django.conf import settings
if not settings.configured:
    settings.configure(ROOT_URLCONF="shop", ALLOWED_HOSTS=["*"], WSGI_APPLICATION="shop.wsgi")
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import JsonResponse
from django.urls import path

def view(request):
    return JsonResponse({"path": sys.path})

urlpatterns = [path("", view)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
"""
PLAIN = """
def wsgi(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]

async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""


def other_pythons() -> list[Path]:
    """Return other interpreters that a project may have, the oldest first."""
    beside = Path(sys.base_prefix).parent.glob("*/bin/python3")
    versions = {(3, 9), (3, 10), (3, 12), (3, 13), (3, 14)}
    versions_ = [(_version(path), path) for path in beside]
    return [path for version, path in sorted(versions_) if version in versions]


def another_python() -> Path | None:
    """Return the oldest other interpreter that a project may have."""
    return next(iter(other_pythons()), None)


def _version(python: Path) -> tuple[int, int]:
    major, _, rest = python.parent.parent.name.partition(".")
    minor = rest.partition(".")[0]
    return (int(major), int(minor)) if major.isdigit() and minor.isdigit() else (0, 0)


@pytest.fixture(scope="module")
def python(prepared_virtualenvs: Path) -> Path:
    """The interpreter of a virtualenv that has an old Django and no server at all."""
    base = another_python()
    if base is None:
        pytest.skip("there is no other Python beside the one that runs the tests")
    try:
        return prepared_virtualenv(prepared_virtualenvs, base, DJANGO_4)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the virtualenv could not be made: {error.stderr[-200:]}")


def lab(directory: Path, text: str, python: Path | None = None) -> Path:
    (directory / "shop.py").write_text(text)
    path = directory / "lab.toml"
    path.write_text(LAB.replace("PYTHON", f'python = "{python}"' if python else ""))
    return path


def names_in(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()} - {"__pycache__"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the project is, and where servers are installed for it."""
    return tmp_path_factory.mktemp("stranger")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def strangers(python: Path, home: Path) -> AsyncIterator[Targets]:
    """One pool for these tests: each server is installed and started once, and kept warm."""
    async with warm_pool(lab(home, DJANGO, python), home) as pool:
        yield pool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    async with engine() as running:
        yield running


@pytest.mark.parametrize("server", ["runserver", "gunicorn-gthread", "uvicorn", "waitress"])
async def test_the_project_runs_with_its_own_django_and_python(
    server: str, strangers: Targets, python: Path, process: asyncio.subprocess.Process
) -> None:
    target = await strangers.ready(server, ignore)
    versions = target.facts["versions"]
    assert versions["django"].startswith("4.2.")
    assert not versions["python"].startswith("3.11")
    assert target.facts["command"][0] == str(python)
    assert await target.begin(1)
    fired = await fire(process, burst(target.port, "/", 100, 20))
    assert fired.samples["error"].count(0) == 100
    assert min(fired.samples["view_left"]) > 0
    assert all(in_order(row) for row in fired.rows())
    assert await target.end(1, quiet_timeout_s=5)


async def test_missing_packages_are_installed_elsewhere_and_come_last(
    strangers: Targets, python: Path, home: Path
) -> None:
    target = await strangers.ready("uvicorn", ignore)
    came_from = target.facts["packages"]["uvicorn"]["from"]
    assert Path(came_from).is_relative_to(home / "servers")
    assert names_in(Path(came_from)).isdisjoint({"django", "Django"})
    (answer,) = await client.fire(target.port, "/", 1, 1)
    path = json.loads(answer.body)["path"]
    assert path[-1] == came_from
    ours = [entry for entry in path if Path(entry).is_relative_to(ROOT)]
    assert ours == [str(PROBE)]
    assert all(name.startswith("liveburst_") for name in names_in(Path(ours[0])))
    assert "uvicorn" not in names_in(next(python.parents[1].glob("lib/*/site-packages")))


async def test_runserver_is_that_of_the_projects_django(strangers: Targets) -> None:
    target = await strangers.ready("runserver", ignore)
    assert target.facts["packages"]["django"]["from"] == PROJECT_ENVIRONMENT


async def test_a_failed_installation_names_the_command(
    strangers: Targets, monkeypatch: pytest.MonkeyPatch, python: Path
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(TargetFailed, match=r"daphne: expected daphne to be installed") as failed:
        await strangers.ready("daphne", ignore)
    assert f"{python} -m pip install daphne installs it" in str(failed.value)
    assert "No matching distribution" in failed.value.log_tail


@pytest.mark.skipif("uwsgi" in AVAILABLE, reason="uWSGI is installed here")
async def test_nothing_is_installed_into_our_own_environment(tmp_path: Path) -> None:
    async with warm_pool(lab(tmp_path, PLAIN), tmp_path) as pool:
        with pytest.raises(TargetFailed, match=r"-m pip install pyuwsgi installs it"):
            await pool.ready("uwsgi", ignore)
    assert not (tmp_path / "servers").exists()


@pytest.mark.parametrize("server", [name for name in AVAILABLE if name != "runserver"])
async def test_plain_applications_without_django(server: str, tmp_path: Path) -> None:
    async with warm_pool(lab(tmp_path, PLAIN), tmp_path) as pool:
        target = await pool.ready(server, ignore)
        answers = await client.fire(target.port, "/", 10, 2)
    assert {answer.body for answer in answers} == {b"ok"}
    assert all(answer.stamps[0] > 0 and answer.stamps[1:] == (-1, -1) for answer in answers)
