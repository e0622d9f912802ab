"""An application that only runserver can start is measured, with a hint on it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from dashboard.runs.conduct.warnings.hints_on_settings import hints_on_settings
from dashboard.targets.onboarding.draft.lab_toml import draft_lab_toml
from dashboard.targets.onboarding.inspector import inspect_project
from dashboard.targets.onboarding.project_search import find_projects
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.small_projects import PLAIN, write_files

pytestmark = pytest.mark.servers
TOO_SOON = "from django.contrib.auth.models import User\n"


@pytest.mark.parametrize(("server", "interface"), [("uvicorn", "asgi"), ("gunicorn-sync", "wsgi")])
@pytest.mark.parametrize("too_soon", [True, False])
async def test_models_are_imported_before_django_is_set_up(
    server: str, interface: str, too_soon: bool, tmp_path: Path, make_targets: MakeTargets
) -> None:
    module = f"shop/{interface}.py"
    files = {**PLAIN, module: (TOO_SOON if too_soon else "") + PLAIN[module]}
    settings = files["shop/settings.py"]
    apps = "\nINSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes']\n"
    (place,) = find_projects(write_files(tmp_path, {**files, "shop/settings.py": settings + apps}))
    seen = await asyncio.to_thread(inspect_project, place, python=None, settings=None)
    file = tmp_path / "lab.toml"
    await asyncio.to_thread(file.write_text, draft_lab_toml(seen, tmp_path))
    target = await make_targets(file).ready(server, ignore)
    django = target.facts["django"]
    assert django is not None
    assert django["set_up_first"] is too_soon
    hints = [
        words for words in hints_on_settings(target.facts) if "before Django is set up" in words
    ]
    assert bool(hints) is too_soon
    assert all(f"get_{interface}_application()" in words for words in hints)
