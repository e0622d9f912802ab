"""A DJANGO_SETTINGS_MODULE that a person has exported is that of their project, never ours."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from .command import ROOT, environment

MARK = f"liveburst-test-exported-{os.getpid()}"
# As some projects have it: which settings, a .env file or the shell says.
MANAGE = """
import sys
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
"""


def manage(home: Path, exported: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False,
        cwd=ROOT,
        env={**environment(home, MARK), "DJANGO_SETTINGS_MODULE": exported},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    directory.mkdir()
    command = [sys.executable, "-m", "django", "startproject", "shop", str(directory)]
    subprocess.run(command, check=True, env=environment(tmp_path, MARK))
    (directory / "manage.py").write_text(MANAGE)
    (directory / "shop" / "urls.py").write_text(
        "from django.http import HttpResponse\nfrom django.urls import path\n"
        "def front(request): return HttpResponse()\nurlpatterns = [path('', front)]\n"
    )
    return directory


def test_it_is_used_to_look_at_their_project(shop: Path, tmp_path: Path) -> None:
    command = ("lab", "init", str(shop), "--python", sys.executable)
    done = manage(tmp_path / "home", "shop.settings", *command)
    assert done.returncode == 0, done.stderr
    project = tomllib.loads((shop / "lab.toml").read_text())["project"]
    assert project["env"]["DJANGO_SETTINGS_MODULE"] == "shop.settings"


def test_it_never_decides_our_own_settings(tmp_path: Path) -> None:
    done = manage(tmp_path / "home", "nothing.of.that.name", "burst", "nothing")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "expected one of" in done.stderr
