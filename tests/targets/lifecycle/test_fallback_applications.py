"""A project without wsgi.py and asgi.py is served, in the environment of its manage.py."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from tests.firing import burst, engine, fire
from tests.targets.small_projects import (
    CONFIGURATIONS,
    MANAGE,
    PLAIN,
    READS_ENV,
    SETTINGS,
    write_files,
)
from tests.targets.warm import ignore, warm_pool

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="module")]
VIEWS = """
import os
from cart import price  # on the path of manage.py alone
from django.http import HttpResponse
from django.urls import path

def hello(request):
    assert os.environ["SHOP_KEY"] == "very-secret"
    return HttpResponse(price)

urlpatterns = [path("hello/", hello)]
"""
FILES = {
    **{name: text for name, text in PLAIN.items() if not name.endswith("sgi.py")},
    **{f"lib/{name}": text for name, text in CONFIGURATIONS.items()},
    "lib/cart.py": "price = 'seven'",
    ".env": "SHOP_KEY=very-secret",
    "manage.py": READS_ENV
    + "sys.path.append('lib')\nos.environ['DJANGO_CONFIGURATION'] = 'Dev'\n"
    + MANAGE.replace("from django.core.management", "from configurations.management"),
    "shop/settings.py": "class Dev:\n" + SETTINGS.replace("\n", "\n    "),
    "shop/urls.py": VIEWS,
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def targets(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Targets]:
    """The targets of a drafted lab.toml."""
    directory = tmp_path_factory.mktemp("fallback")
    (place,) = find_projects(write_files(directory, FILES))
    seen = await asyncio.to_thread(inspect_project, place, python=None, settings=None)
    text = draft_lab_toml(seen, directory)
    assert "very-secret" not in text
    assert "the project has no asgi.py" in text
    assert tomllib.loads(text)["project"]["asgi"] == "liveburst_django:asgi"
    lab = write_files(directory, {"lab.toml": text}) / "lab.toml"
    async with warm_pool(lab, directory) as pool:
        yield pool


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process() -> AsyncIterator[asyncio.subprocess.Process]:
    async with engine() as running:
        yield running


@pytest.mark.parametrize("server", ["gunicorn-gthread", "runserver", "uvicorn"])
async def test_it_is_served_by_djangos_own_application(
    server: str, targets: Targets, process: asyncio.subprocess.Process
) -> None:
    target = await targets.ready(server, ignore)
    assert target.facts["application"] == f"liveburst_django:{target.facts['interface']}"
    assert await target.begin(1)
    fired = await fire(process, burst(target.port, "/hello/", 20, 4))
    assert fired.samples["error"].count(0) == 20
    assert set(fired.samples["status"]) == {200}
