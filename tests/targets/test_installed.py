"""What of a server is installed where a project lives: the parts that need no virtualenv."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.targets import installed
from dashboard.targets.installed import OF_THE_PROJECT, Installed, versions_here
from dashboard.targets.manifest import load_manifest
from dashboard.targets.servers import SERVERS
from dashboard.wire.errors import TargetFailed

from .helpers import LIVEAPP


async def test_what_is_here_is_the_projects_own(tmp_path: Path) -> None:
    packages = await Installed(tmp_path, tmp_path).packages(
        load_manifest(LIVEAPP), SERVERS["gunicorn-uvicorn"]
    )
    assert packages.versions.keys() == {"uvicorn-worker", "gunicorn", "uvicorn"}
    assert set(packages.origins.values()) == {OF_THE_PROJECT}
    assert packages.appended is None


async def test_a_server_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installed, "versions_here", lambda: {"gunicorn": "23.0.0"})
    with pytest.raises(TargetFailed, match=r"gunicorn 25 or later, found 23\.0\.0"):
        await Installed(tmp_path, tmp_path).packages(
            load_manifest(LIVEAPP), SERVERS["gunicorn-asgi"]
        )


async def test_what_is_installed_meanwhile_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, project = Installed(tmp_path, tmp_path), load_manifest(LIVEAPP)
    monkeypatch.setattr(installed, "versions_here", dict)
    with pytest.raises(TargetFailed, match="-m pip install waitress installs it"):
        await known.packages(project, SERVERS["waitress"])
    monkeypatch.setattr(installed, "versions_here", lambda: {"waitress": "3.0"})
    packages = await known.packages(project, SERVERS["waitress"])
    assert packages.versions == {"waitress": "3.0"}


async def test_uwsgi_by_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "versions_here", lambda: {"uwsgi": "2.0.31"})
    packages = await Installed(tmp_path, tmp_path).packages(
        load_manifest(LIVEAPP), SERVERS["uwsgi"]
    )
    assert packages.versions == {"pyuwsgi": "2.0.31"}


async def test_an_interpreter_that_cannot_answer_is_a_failure(tmp_path: Path) -> None:
    project = replace(load_manifest(LIVEAPP), python=str(tmp_path / "python"))
    with pytest.raises(TargetFailed, match="ended with status 127") as failed:
        await Installed(tmp_path, tmp_path).packages(project, SERVERS["daphne"])
    assert "cannot start" in failed.value.log_tail


def test_old_gunicorns_have_no_control_socket_to_switch_off() -> None:
    entry = SERVERS["gunicorn-sync"]
    for version, expected in {"23.0.0": False, "25.1.0": True, "27.0.1": True}.items():
        command = entry.command("python", Listener(), {"gunicorn": version})  # type: ignore[arg-type]
        assert ("--no-control-socket" in command) is expected


class Listener:
    """As much of a socket as a command line asks for."""

    def fileno(self) -> int:
        return 7


def test_every_package_of_the_table_is_looked_for() -> None:
    assert {"django", "gunicorn", "gevent"} <= versions_here().keys()
