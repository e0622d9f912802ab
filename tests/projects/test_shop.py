"""A project outside our packages, in a virtualenv with another Django, by the command alone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.management.command import ROOT, environment
from tests.targets.helpers import marked, until
from tests.targets.test_strangers import another_python

pytestmark = pytest.mark.servers
SHOP = Path(__file__).with_name("shop")
MARK = f"liveburst-test-shop-{os.getpid()}"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with a virtualenv of its own, made as its README would say."""
    base = another_python()
    if base is None:
        pytest.skip("there is no other Python beside the one that runs the tests")
    directory = tmp_path_factory.mktemp("stranger") / "shop"
    shutil.copytree(SHOP, directory)
    try:
        subprocess.run([base, "-m", "venv", ".venv"], cwd=directory, check=True)
        install = [".venv/bin/python", "-m", "pip", "install", "-q", "-r", "requirements.txt"]
        subprocess.run(install, cwd=directory, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the virtualenv could not be made: {error}")
    return directory


def test_it_is_measured_under_three_servers_and_nothing_of_it_is_touched(
    shop: Path, tmp_path: Path
) -> None:
    before = {path for path in shop.rglob("*") if "__pycache__" not in path.parts}
    done = subprocess.run(
        [
            *(sys.executable, "manage.py", "burst", "articles", "--json", "-"),
            *("--project", str(shop / "lab.toml")),
        ],
        check=False,
        cwd=ROOT,
        env=environment(tmp_path, MARK),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for lane in report["lanes"]:
        assert (lane["ok"], lane["errors"]) == (80, {}), lane["lane"]
        assert lane["segments_ms"]["view"]["p50"] > 0, lane["lane"]
        assert lane["target"]["versions"]["django"].startswith("4.2.")
        assert not lane["target"]["versions"]["python"].startswith("3.11")
    assert len({lane["server"] for lane in report["lanes"]}) == 3
    after = {path for path in shop.rglob("*") if "__pycache__" not in path.parts}
    assert after - before == {shop / "shop.sqlite3"}  # its own set-up command's
    assert until(lambda: not marked(MARK), 2)
