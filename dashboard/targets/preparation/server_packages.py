"""The packages of a server: found in a project's environment, or installed beside it.

Nothing is ever installed into a project's own environment. What is missing there is installed for
the project's own interpreter into a directory of ours, which comes last in the import path.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.supervise.environment import project_environment, tool_environment
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed

from .package_installation import has_own_pip, how_to_install, installers

QUERY_TIMEOUT_S = 20.0
INSTALL_TIMEOUT_S = 180.0
PROJECT_ENVIRONMENT = "the project's environment"

# uWSGI is distributed under two names, which serve alike.
_ALIASES = {"uwsgi": "pyuwsgi"}
_QUERIED = sorted({name for server in SERVERS.values() for name in server.required} | {*_ALIASES})
_QUERY = """
import importlib.metadata, importlib.util, json, sys
versions = {}
for name in sys.argv[1:]:
    try:
        versions[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
pip = importlib.util.find_spec("pip") is not None
print(json.dumps({"tag": sys.implementation.cache_tag, "versions": versions, "pip": pip}))
"""


class _Answer(TypedDict):
    """What the query prints."""

    tag: str
    versions: dict[str, str]
    pip: bool


@dataclass(frozen=True)
class _Environment:
    """An interpreter's cache tag, its packages of servers, and whether it has pip."""

    tag: str
    versions: Mapping[str, str]
    has_pip: bool


@dataclass(frozen=True)
class ServerPackages:
    """The packages that a server is started with: version and origin of each, by name.

    `appended` is the directory of ours that some of them are in; None if none is.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    appended: Path | None = None


class PackageInstaller:
    """Queries a project's environment, and installs beside it what is missing there."""

    def __init__(self, home: Path, log_directory: Path) -> None:
        self._home = home
        self._log = log_directory / "install.log"
        self._installing = asyncio.Lock()
        self._environments: dict[str, _Environment] = {}  # by interpreter

    async def packages(self, project: Project, server: Server) -> ServerPackages:
        """Return the packages of a server, installed first where needed. Raises TargetFailed."""
        environment = self._environments.get(project.python)
        if environment is None or not {*server.required} <= environment.versions.keys():
            environment = self._environments[project.python] = await self._query(project)
        installed = environment.versions
        _refuse_too_old(server, installed)
        own = {name: installed[name] for name in server.packages if name in installed}
        missing = [name for name in server.required if name not in installed]
        if not missing:
            return ServerPackages(own, dict.fromkeys(own, PROJECT_ENVIRONMENT))
        async with self._installing:
            directory = await self._install(project, server, missing, environment)
        added = installed_versions_in(directory, missing)
        _refuse_too_old(server, added)
        origins = {
            **dict.fromkeys(own, PROJECT_ENVIRONMENT),
            **dict.fromkeys(added, str(directory)),
        }
        return ServerPackages({**own, **added}, origins, directory)

    async def _query(self, project: Project) -> _Environment:
        """Return what the project's interpreter has."""
        if project.python == sys.executable:
            tag = str(sys.implementation.cache_tag)
            return _Environment(tag, _with_aliases(installed_versions()), has_own_pip())
        with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
            output = Path(name, "output")
            await run_to_end(
                [project.python, "-c", _QUERY, *_QUERIED],
                env=project_environment(project, {}),
                directory=project.directory,
                log=output,
                errors=Path(name, "errors"),
                timeout_s=QUERY_TIMEOUT_S,
            )
            answer = _json_in_last_line(output)
        return _Environment(answer["tag"], _with_aliases(answer["versions"]), answer["pip"])

    async def _install(
        self, project: Project, server: Server, missing: Sequence[str], environment: _Environment
    ) -> Path:
        """Return the directory that has the missing packages, for interpreters of this tag."""
        directory = self._home / "servers" / environment.tag / "+".join(missing)
        if directory.is_dir():
            return directory
        refusal = _refusal(project, server, missing, environment.has_pip)
        if project.python == sys.executable:
            raise TargetFailed(refusal)
        directory.parent.mkdir(parents=True, exist_ok=True)
        error = TargetFailed(refusal)
        for installer in installers(project.python, environment.has_pip):
            partial = Path(tempfile.mkdtemp(prefix="partial-", dir=directory.parent))
            try:
                await self._run(project, installer.install_into(partial, missing))
                _move_into_place(partial, directory)
                return directory
            except TargetFailed as failure:
                error = TargetFailed(refusal, failure.log_tail)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
        raise error

    async def _run(self, project: Project, command: Sequence[str]) -> None:
        await run_to_end(
            command,
            env=tool_environment(project.env),
            directory=project.directory,
            log=self._log,
            timeout_s=INSTALL_TIMEOUT_S,
        )


def _move_into_place(partial: Path, directory: Path) -> None:
    """Make a complete directory appear at once, unless another process was faster."""
    try:
        partial.rename(directory)
    except OSError:
        if not directory.is_dir():
            raise


def _json_in_last_line(output: Path) -> _Answer:
    answer: _Answer = json.loads(output.read_text().splitlines()[-1])
    return answer


def installed_versions() -> dict[str, str]:
    """Return the versions of all packages of servers that our own interpreter has.

    They are read anew once a directory of the import path has changed, as by an installation:
    reading them takes 4 ms, and a page needs them for each of its lanes.
    """
    return {**_installed_versions(tuple(map(_changed_ns, sys.path)))}


def _changed_ns(directory: str) -> tuple[str, int]:
    with suppress(OSError):  # there is none of that name
        return directory, os.stat(directory or ".").st_mtime_ns  # noqa: PTH116 - sys.path has texts
    return directory, 0


@lru_cache(maxsize=1)
def _installed_versions(_path: tuple[tuple[str, int], ...]) -> dict[str, str]:
    versions = {}
    for name in _QUERIED:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return versions


def missing_packages(project: Project, server: Server) -> str:
    """Return why a server cannot be started and the command that installs it; empty if it can.

    Always empty for another interpreter than ours: what it lacks is installed beside it when the
    server is started.
    """
    if project.python != sys.executable or server.url is not None:
        return ""
    installed = _with_aliases(installed_versions())
    missing = [name for name in server.required if name not in installed]
    return _refusal(project, server, missing, has_own_pip()) if missing else ""


def installed_versions_in(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """Return the versions of those packages that pip has installed in a directory."""
    wanted = set(names)
    installed = {
        distribution.metadata["Name"].lower().replace("_", "-"): distribution.version
        for distribution in importlib.metadata.distributions(path=[str(directory)])
    }
    return {name: version for name, version in installed.items() if name in wanted}


def _with_aliases(versions: Mapping[str, str]) -> dict[str, str]:
    also = {_ALIASES[name]: version for name, version in versions.items() if name in _ALIASES}
    return {**also, **versions}


def _refusal(project: Project, server: Server, missing: Sequence[str], has_pip: bool) -> str:
    names = " and ".join(missing)
    expected = f"expected {names} to be installed, found none"
    return f"{server.name}: {expected}; {how_to_install(project.python, has_pip, missing)}"


def _refuse_too_old(server: Server, versions: Mapping[str, str]) -> None:
    version = versions.get(server.package)
    if version is None or not server.minimum_version:
        return
    if int(version.partition(".")[0]) < int(server.minimum_version):
        expected = f"expected {server.package} {server.minimum_version} or later, found {version}"
        raise TargetFailed(f"{server.name}: {expected}")
