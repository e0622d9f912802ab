"""A project without wsgi.py and asgi.py is served, in the environment of its manage.py."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from tests.firing import burst, engine, fire
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.small_projects import (
    CONFIGURATIONS,
    MANAGE,
    PLAIN,
    READS_ENV,
    SETTINGS,
    write_files,
)

pytestmark = pytest.mark.servers
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


@pytest.fixture
async def lab(tmp_path: Path) -> Path:
    """A drafted lab.toml."""
    (place,) = find_projects(write_files(tmp_path, FILES))
    seen = await asyncio.to_thread(inspect_project, place, python=None, settings=None)
    file = tmp_path / "lab.toml"
    text = draft_lab_toml(seen, tmp_path)
    assert "very-secret" not in text
    assert "the project has no asgi.py" in text
    assert tomllib.loads(text)["project"]["asgi"] == "liveburst_django:asgi"
    await asyncio.to_thread(file.write_text, text)
    return file


@pytest.mark.parametrize("server", ["gunicorn-gthread", "runserver", "uvicorn"])
async def test_it_is_served_by_djangos_own_application(
    server: str, lab: Path, make_targets: MakeTargets
) -> None:
    target = await make_targets(lab).ready(server, ignore)
    assert target.facts["application"] == f"liveburst_django:{target.facts['interface']}"
    assert await target.begin(1)
    async with engine() as process:
        fired = await fire(process, burst(target.port, "/hello/", 20, 4))
    assert fired.samples["error"].count(0) == 20
    assert set(fired.samples["status"]) == {200}
