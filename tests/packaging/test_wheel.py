"""The wheel: built by the project's back end, used from an empty virtualenv, without Node.js."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dashboard.web.serving.bundle import current_bundle
from tests.management.lab.test_lab import address_of
from tests.targets.helpers import marked, until

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
MARK = f"liveburst-test-wheel-{os.getpid()}"


@pytest.fixture(scope="module")
def liveburst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command, installed from the wheel. Its dependencies are those of this environment."""
    if current_bundle() is None and os.environ.get("CI") != "true":
        pytest.skip(
            "no bundle: node_modules/ lacks esbuild, see `npm ci`"
        )  # the build would run it
    directory = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(directory), str(ROOT)]
    subprocess.run([*pip, *build], check=True)
    (wheel,) = directory.glob("*.whl")
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(directory / "venv")], check=True
    )
    python = directory / "venv" / "bin" / "python"
    # What is imported is compiled then; the rest need not be.
    install = ["--python", str(python), "install", "--no-deps", "--no-compile", str(wheel)]
    subprocess.run([*pip, *install], check=True)
    (site_packages,) = (directory / "venv").glob("lib/*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return python.with_name("liveburst")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Hardly anything: no Node.js, no LIVEBURST_HOME, and a home directory of its own."""
    return {"HOME": str(tmp_path), "PATH": "/nowhere", "LIVEBURST_MARK": MARK}


@pytest.fixture
def address(liveburst: Path, tmp_path: Path, environment: dict[str, str]) -> Iterator[str]:
    command = [str(liveburst), "lab", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # as in `tests.management.command.start_anew`
    ) as process:
        yield address_of(process)
        process.terminate()
    assert until(lambda: not marked(MARK))


def test_a_burst_from_anywhere_keeps_its_state_in_the_users_own_place(
    liveburst: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    options = ["--lane", "sync@gunicorn-gthread", "-n", "10", "--rounds", "1", "--json", "-"]
    command = [str(liveburst), "burst", "sleep", *options]
    done = subprocess.run(
        command,
        check=False,
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        start_new_session=True,  # as in `tests.management.command.start_anew`
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["lanes"][0]["ok"] == 10
    assert (tmp_path / ".local/state/liveburst/liveburst.sqlite3").exists()


def test_what_targets_import_is_inside(liveburst: Path) -> None:
    (installed,) = liveburst.parents[1].glob("lib/*/site-packages/dashboard/targets/injected")
    source = ROOT / "dashboard" / "targets" / "injected"
    expected = {file.relative_to(source) for file in source.rglob("*.py")}
    assert Path("probe", "liveburst_probe.py") in expected
    assert {file.relative_to(installed) for file in installed.rglob("*.py")} == expected


def test_page_scripts_and_styles_are_inside(address: str) -> None:
    with httpx.Client(base_url=address, timeout=PATIENCE_S) as client:
        pages = [client.get(path).text for path in ("/", "/claims/", "/explore/", "/xray/")]
        files = {file for page in pages for file in re.findall(r'"(/static/[^"]+)"', page)}
        assert len(files) >= 6  # two scripts, a sheet of all pages, three of one page
        for file in files:
            assert file.startswith("/static/bundle/")
            assert client.get(file).status_code == 200, file
        assert client.get("/static/css/base.css").status_code == 404  # a source
