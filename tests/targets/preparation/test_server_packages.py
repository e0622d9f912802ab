"""The packages of a server in a project's environment, as far as no virtualenv is needed."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.server import Launch
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.preparation import server_packages
from dashboard.targets.preparation.server_packages import (
    PROJECT_ENVIRONMENT,
    PackageInstaller,
    installed_versions,
)
from dashboard.wire.errors import TargetFailed
from tests.targets.helpers import LIVEAPP


async def test_packages_of_our_environment_are_the_projects(tmp_path: Path) -> None:
    packages = await PackageInstaller(tmp_path, tmp_path).packages(
        load_manifest(LIVEAPP), SERVERS["gunicorn-uvicorn"]
    )
    assert packages.versions.keys() == {"uvicorn-worker", "gunicorn", "uvicorn"}
    assert set(packages.origins.values()) == {PROJECT_ENVIRONMENT}
    assert packages.appended is None


async def test_a_server_that_is_too_old_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_packages, "installed_versions", lambda: {"gunicorn": "23.0.0"})
    with pytest.raises(TargetFailed, match=r"gunicorn 25 or later, found 23\.0\.0"):
        await PackageInstaller(tmp_path, tmp_path).packages(
            load_manifest(LIVEAPP), SERVERS["gunicorn-asgi"]
        )


async def test_a_package_installed_meanwhile_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installer, project = PackageInstaller(tmp_path, tmp_path), load_manifest(LIVEAPP)
    monkeypatch.setattr(server_packages, "installed_versions", dict)
    with pytest.raises(TargetFailed, match="-m pip install waitress installs it"):
        await installer.packages(project, SERVERS["waitress"])
    monkeypatch.setattr(server_packages, "installed_versions", lambda: {"waitress": "3.0"})
    packages = await installer.packages(project, SERVERS["waitress"])
    assert packages.versions == {"waitress": "3.0"}


async def test_uwsgi_by_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_packages, "installed_versions", lambda: {"uwsgi": "2.0.31"})
    packages = await PackageInstaller(tmp_path, tmp_path).packages(
        load_manifest(LIVEAPP), SERVERS["uwsgi"]
    )
    assert packages.versions == {"pyuwsgi": "2.0.31"}


async def test_an_interpreter_that_cannot_answer_is_a_failure(tmp_path: Path) -> None:
    project = replace(load_manifest(LIVEAPP), python=str(tmp_path / "python"))
    with pytest.raises(TargetFailed, match="ended with status 127") as failed:
        await PackageInstaller(tmp_path, tmp_path).packages(project, SERVERS["daphne"])
    assert "cannot start" in failed.value.log_tail


def test_old_gunicorns_have_no_control_socket_to_switch_off() -> None:
    entry = SERVERS["gunicorn-sync"]
    for version, expected in {"23.0.0": False, "25.1.0": True, "27.0.1": True}.items():
        launch = Launch("python", Listener(), {"gunicorn": version}, Path())  # type: ignore[arg-type]
        command = entry.command(launch)
        assert ("--no-control-socket" in command) is expected


@pytest.mark.parametrize(
    "name", [name for name, server in SERVERS.items() if server.extra_packages]
)
async def test_further_packages_of_a_worker_are_required_by_name(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, project = SERVERS[name], load_manifest(LIVEAPP)
    only = dict.fromkeys(server.packages, "99")
    monkeypatch.setattr(server_packages, "installed_versions", lambda: only)
    expected = f"-m pip install {' '.join(server.extra_packages)} installs it"
    assert expected in server_packages.missing_packages(project, server)
    with pytest.raises(TargetFailed, match=expected):
        await PackageInstaller(tmp_path, tmp_path).packages(project, server)


# What each server's code imports to serve, beside what its package's __main__ does.
IMPORTED = {
    "gunicorn-gevent": ("gunicorn.workers.ggevent",),
    "gunicorn-gthread": ("gunicorn.workers.gthread",),
    "gunicorn-asgi": ("gunicorn.workers.gasgi",),
    "gunicorn-uvicorn": ("uvicorn_worker",),
    "hypercorn": ("hypercorn.asyncio", "hypercorn.asyncio.run"),
    "daphne": ("daphne.cli", "daphne.server"),
    "waitress": ("waitress.server",),
}


@pytest.mark.parametrize("name", IMPORTED)
def test_a_server_imports_no_package_that_is_not_required(name: str) -> None:
    """Each distribution that the code names is required of it, or of what is required."""
    brought = set(_with_requirements(SERVERS[name].required))
    for module in IMPORTED[name]:
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        assert _distributions_imported_by(Path(spec.origin)) <= brought


def _distributions_imported_by(path: Path) -> set[str]:
    """What is imported with the module itself, unless that may fail, by normalized names."""
    names = set()
    for node in _imports(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif not node.level:
            names.add(str(node.module).partition(".")[0])
    distributions = importlib.metadata.packages_distributions()
    return {_normal(distributions[name][0]) for name in names if name in distributions}


def _imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        elif not isinstance(child, ast.Try) or any(map(_raises, child.handlers)):
            yield from _imports(child)


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _with_requirements(names: Iterable[str]) -> Iterator[str]:
    """These distributions and what they bring along, without extras."""
    waiting, seen = [*names], set()
    while waiting:
        name = _normal(waiting.pop())
        if name in seen:
            continue
        seen.add(name)
        yield name
        try:
            texts = importlib.metadata.requires(name) or ()
        except importlib.metadata.PackageNotFoundError:
            continue
        needed = map(Requirement, texts)
        waiting += [
            requirement.name
            for requirement in needed
            if not requirement.marker or requirement.marker.evaluate()
        ]


def _normal(name: str) -> str:
    return canonicalize_name(name)


class Listener:
    """As much of a socket as a command line asks for."""

    def fileno(self) -> int:
        return 7


def test_every_package_of_the_catalogue_is_queried() -> None:
    assert {"django", "gunicorn", "gevent"} <= installed_versions().keys()


def test_what_is_installed_while_we_run_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for number, name in enumerate(("waitress", "hypercorn"), 1):
        information = tmp_path / f"{name}-{number}.9.dist-info"
        information.mkdir()
        (information / "METADATA").write_text(f"Name: {name}\nVersion: {number}.9\n")
        os.utime(tmp_path, (number, number))  # within a tick of the clock nothing has changed
        assert installed_versions()[name] == f"{number}.9"
