"""A DJANGO_SETTINGS_MODULE exported in the shell is the project's, never ours."""

from __future__ import annotations

import os
import sys
import tomllib
from pathlib import Path

import pytest

from tests.management.command import new_project, run, start_anew

MARK = f"liveburst-test-exported-{os.getpid()}"
# As in some projects: a .env file or the shell chooses the settings.
MANAGE = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    directory = new_project(tmp_path / "shop")
    (directory / "manage.py").write_text(MANAGE)
    (directory / "shop" / "urls.py").write_text(
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "def front(request): return HttpResponse()\nurlpatterns = [path('', front)]\n"
    )
    return directory


def test_it_is_used_to_inspect_the_project(shop: Path, tmp_path: Path) -> None:
    command = ("lab", "init", str(shop), "--python", sys.executable)
    done = run(tmp_path / "home", MARK, *command, DJANGO_SETTINGS_MODULE="shop.settings")
    assert done.returncode == 0, done.stderr
    project = tomllib.loads((shop / "lab.toml").read_text())["project"]
    assert project["env"]["DJANGO_SETTINGS_MODULE"] == "shop.settings"


def test_it_never_decides_our_own_settings(tmp_path: Path) -> None:
    exported = {"DJANGO_SETTINGS_MODULE": "nothing.of.that.name"}
    with start_anew(tmp_path / "home", MARK, "burst", "nothing", **exported) as process:
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "Traceback" not in stderr
    assert "expected one of" in stderr
