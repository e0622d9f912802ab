"""What of a server is installed where a project lives, and putting there what is missing.

Nothing is ever put into a project's own environment. What is missing there is installed by
the project's own interpreter into a directory of ours, which is searched last of all.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.supervise.environment import project_environment
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import TargetFailed

QUERY_TIMEOUT_S = 20.0
INSTALL_TIMEOUT_S = 180.0
PROJECT_ENVIRONMENT = "the project's environment"

# A build of uWSGI by whichever name serves alike.
_ALIASES = {"uwsgi": "pyuwsgi"}
_WANTED = sorted({name for server in SERVERS.values() for name in server.required} | {*_ALIASES})
_QUERY = """
import importlib.metadata, json, sys
found = {}
for name in sys.argv[1:]:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps({"tag": sys.implementation.cache_tag, "versions": found}))
"""


@dataclass(frozen=True)
class ServerPackages:
    """What a server is started with: package -> version, and where each was found.

    `appended` is the directory of ours that some of it comes from; None where none does.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    appended: Path | None = None


class PackageInstaller:
    """Knows what one project's environment has, and puts beside it what it has not."""

    def __init__(self, home: Path, log_directory: Path) -> None:
        self._home = home
        self._log = log_directory / "install.log"
        self._installing = asyncio.Lock()
        self._known: dict[str, tuple[str, dict[str, str]]] = {}

    async def packages(self, project: Project, server: Server) -> ServerPackages:
        """What this server is started with, installed if need be. Raises TargetFailed."""
        tag, own = self._known.get(project.python, ("", {}))
        if not {*server.required} <= own.keys():  # not asked yet, or installed meanwhile
            tag, own = self._known[project.python] = await self._ask(project)
        _refuse_too_old(server, own)
        missing = [name for name in server.required if name not in own]
        found = {name: own[name] for name in server.packages if name in own}
        if not missing:
            return ServerPackages(found, dict.fromkeys(found, PROJECT_ENVIRONMENT))
        async with self._installing:
            directory = await self._install(project, server, missing, tag)
        ours = installed_versions_in(directory, missing)
        _refuse_too_old(server, ours)
        origins = {
            **dict.fromkeys(found, PROJECT_ENVIRONMENT),
            **dict.fromkeys(ours, str(directory)),
        }
        return ServerPackages({**found, **ours}, origins, directory)

    async def _ask(self, project: Project) -> tuple[str, dict[str, str]]:
        """The interpreter's tag, and the version of each package that a server may need."""
        if project.python == sys.executable:
            return str(sys.implementation.cache_tag), _with_aliases(installed_versions())
        with tempfile.TemporaryDirectory(prefix="liveburst-") as name:
            answer = Path(name, "answer")
            await run_to_end(
                [project.python, "-c", _QUERY, *_WANTED],
                env=project_environment(project.env, {}),
                directory=project.directory,
                log=answer,
                errors=Path(name, "errors"),
                timeout_s=QUERY_TIMEOUT_S,
            )
            said = _said(answer)
        return said["tag"], _with_aliases(said["versions"])

    async def _install(
        self, project: Project, server: Server, missing: list[str], tag: str
    ) -> Path:
        directory = self._home / "servers" / tag / "+".join(missing)
        if directory.is_dir():
            return directory
        if project.python == sys.executable:
            raise TargetFailed(_refusal(project, server, missing))
        directory.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix="partial-", dir=directory.parent))
        try:
            await run_to_end(
                [
                    *(project.python, "-m", "pip", "install", "--quiet", "--no-input"),
                    *("--disable-pip-version-check", "--target", str(partial), *missing),
                ],
                env=project_environment(project.env, {}),
                directory=project.directory,
                log=self._log,
                timeout_s=INSTALL_TIMEOUT_S,
            )
            _put(partial, directory)
        except TargetFailed as error:
            raise TargetFailed(_refusal(project, server, missing), error.log_tail) from error
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        return directory


def _put(partial: Path, directory: Path) -> None:
    """Make a whole directory appear at once, unless another process was quicker."""
    try:
        partial.rename(directory)
    except OSError:
        if not directory.is_dir():
            raise


def _said(answer: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads(answer.read_text().splitlines()[-1])
    return said


def installed_versions() -> dict[str, str]:
    """The same for the interpreter that we run in."""
    found = {}
    for name in _WANTED:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def missing_packages(project: Project, server: Server) -> str:
    """Why this server cannot be started, and the command that installs it; empty where it can.

    Nothing is asked of an interpreter that is not ours: what its environment lacks is installed
    beside it once the server is started.
    """
    if project.python != sys.executable or server.url is not None:
        return ""
    found = _with_aliases(installed_versions())
    missing = [name for name in server.required if name not in found]
    return _refusal(project, server, missing) if missing else ""


def installed_versions_in(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """The versions of packages in a directory that pip filled."""
    wanted = set(names)
    return {
        one.metadata["Name"].lower().replace("_", "-"): one.version
        for one in importlib.metadata.distributions(path=[str(directory)])
        if one.metadata["Name"].lower().replace("_", "-") in wanted
    }


def _with_aliases(versions: Mapping[str, str]) -> dict[str, str]:
    also = {_ALIASES[name]: version for name, version in versions.items() if name in _ALIASES}
    return {**also, **versions}


def _refusal(project: Project, server: Server, missing: list[str]) -> str:
    command = shlex.join([project.python, "-m", "pip", "install", *missing])
    names = " and ".join(missing)
    return f"{server.name}: expected {names} to be installed, found none; {command} installs it"


def _refuse_too_old(server: Server, versions: Mapping[str, str]) -> None:
    found = versions.get(server.package)
    if found is None or not server.minimum_version:
        return
    if int(found.partition(".")[0]) < int(server.minimum_version):
        expected = f"expected {server.package} {server.minimum_version} or later, found {found}"
        raise TargetFailed(f"{server.name}: {expected}")
