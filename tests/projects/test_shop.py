"""A project outside our packages, in a virtualenv with another Django, by the command alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.management.command import run
from tests.targets.helpers import marked, until
from tests.targets.lifecycle.test_other_virtualenv import other_pythons
from tests.virtualenvs import DJANGO_4, DJANGO_6, make_virtualenv

pytestmark = pytest.mark.servers
SHOP = Path(__file__).with_name("shop")
MARK = f"liveburst-test-shop-{os.getpid()}"


OLDEST, NEWEST = 0, -1  # of the other interpreters


def made(directory: Path, which: int, django: str, prepared: Path) -> Path:
    """A copy of the project with a virtualenv of its own, with what its README would install."""
    pythons = other_pythons()
    if not pythons:
        pytest.skip("there is no other Python beside the one that runs the tests")
    shutil.copytree(SHOP, directory)
    try:
        make_virtualenv(prepared, pythons[which], directory / ".venv", django)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the virtualenv could not be made: {error.stderr[-200:]}")
    return directory


@pytest.mark.parametrize(
    ("which", "django", "version"),
    [(OLDEST, DJANGO_4, "4.2."), (NEWEST, DJANGO_6, "6.")],
)
def test_it_is_measured_under_three_servers_and_not_modified(
    which: int, django: str, version: str, tmp_path: Path, prepared_virtualenvs: Path
) -> None:
    shop = made(tmp_path / "shop", which, django, prepared_virtualenvs)
    before = {path for path in shop.rglob("*") if "__pycache__" not in path.parts}
    options = ("--project", str(shop / "lab.toml"), "--json", "-")
    done = run(tmp_path / "home", MARK, "burst", "articles", *options)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for lane in report["lanes"]:
        assert (lane["ok"], lane["errors"]) == (80, {}), lane["lane"]
        assert lane["segments_ms"]["view"]["p50"] > 0, lane["lane"]
        assert lane["target"]["versions"]["django"].startswith(version)
        assert not lane["target"]["versions"]["python"].startswith("3.11")
    assert len({lane["server"] for lane in report["lanes"]}) == 3
    after = {path for path in shop.rglob("*") if "__pycache__" not in path.parts}
    assert after - before == {shop / "shop.sqlite3"}  # its own set-up command's
    assert until(lambda: not marked(MARK))
