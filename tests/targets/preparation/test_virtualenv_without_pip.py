"""A project whose virtualenv has no pip, such as `uv venv` makes: what is missing comes anyway."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.targets.preparation import package_installation
from dashboard.wire.errors import TargetFailed
from tests.targets import client
from tests.targets.conftest import MakeTargets, ignore
from tests.targets.lifecycle.test_other_virtualenv import PLAIN, lab, other_pythons
from tests.virtualenvs import make_virtualenv_without_pip

pytestmark = pytest.mark.servers
OWN = Path(sys.base_prefix, "bin", "python3")
BASES = [OWN, *other_pythons()[:1], *other_pythons()[1:][-1:]]  # the oldest and the newest
UV = """#!/bin/sh
echo "$@" > {log}
unset PIP_NO_INDEX
exec {python} -m pip --quiet --python "$4" install --target "$8" "$9"
"""


def _without_pip(tmp_path: Path, base: Path = OWN) -> Path:
    try:
        return make_virtualenv_without_pip(base, tmp_path / ".venv")
    except subprocess.CalledProcessError as error:
        pytest.skip(f"{base} makes no virtualenv: {error.stderr[-200:]}")


def _files(virtualenv: Path) -> set[Path]:
    return {path for path in virtualenv.rglob("*") if path.suffix != ".pyc"}


@pytest.mark.parametrize("base", BASES, ids=lambda path: path.parent.parent.name)
async def test_it_is_installed_beside_it_by_a_pip_of_ours(
    base: Path, make_targets: MakeTargets, tmp_path: Path
) -> None:
    python = _without_pip(tmp_path, base)
    before = _files(python.parents[1])
    target = await make_targets(lab(tmp_path, PLAIN, python)).ready("waitress", ignore)
    assert target.facts["command"][0] == str(python)
    assert Path(target.facts["packages"]["waitress"]["from"]).is_relative_to(tmp_path / "servers")
    answers = await client.fire(target.port, "/", 10, 2)
    assert {answer.body for answer in answers} == {b"ok"}
    assert _files(python.parents[1]) == before


async def test_or_by_uv_where_ours_has_none_either(
    make_targets: MakeTargets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, log = _without_pip(tmp_path), tmp_path / "arguments"
    uv = tmp_path / "uv"
    uv.write_text(UV.format(log=log, python=sys.executable))
    uv.chmod(0o755)
    monkeypatch.setattr(package_installation, "has_own_pip", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: str(uv))
    target = await make_targets(lab(tmp_path, PLAIN, python)).ready("waitress", ignore)
    answers = await client.fire(target.port, "/", 1, 1)
    assert [answer.body for answer in answers] == [b"ok"]
    arguments = log.read_text()
    assert arguments.startswith(f"pip install --python {python} --quiet --no-progress --target ")
    assert arguments.endswith(" waitress\n")


async def test_or_by_uv_where_our_pip_fails(
    make_targets: MakeTargets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python, log, uv = _without_pip(tmp_path), tmp_path / "arguments", tmp_path / "uv"
    uv.write_text(UV.format(log=log, python=sys.executable))
    uv.chmod(0o755)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setattr(shutil, "which", lambda name: str(uv))
    target = await make_targets(lab(tmp_path, PLAIN, python)).ready("waitress", ignore)
    assert "waitress" in target.facts["packages"]
    assert "pip install --python" in log.read_text()


async def test_where_there_is_neither_it_says_what_is_lacking(
    make_targets: MakeTargets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = _without_pip(tmp_path)
    monkeypatch.setattr(package_installation, "has_own_pip", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(TargetFailed) as failed:
        await make_targets(lab(tmp_path, PLAIN, python)).ready("waitress", ignore)
    assert str(failed.value) == (
        "waitress: expected waitress to be installed, found none; "
        f"{python} has no pip, Liveburst's interpreter has none, and uv is not in PATH; "
        f"{python} -m ensurepip adds pip"
    )


async def test_a_failed_installation_names_a_command_that_there_is(
    make_targets: MakeTargets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = _without_pip(tmp_path)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(TargetFailed) as failed:
        await make_targets(lab(tmp_path, PLAIN, python)).ready("waitress", ignore)
    command = f"{sys.executable} -m pip --python {python} install waitress installs it"
    assert command in str(failed.value)
    assert "No matching distribution" in failed.value.log_tail
