"""All targets of a project: started when needed, kept warm, restarted when the code changed."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.login import credentials_of
from dashboard.project.model.server import Server
from dashboard.project.model.service import without_overrides
from dashboard.project.project import Project
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.environment import project_environment
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import InvalidManifest, InvalidPlan, TargetFailed

from .code_changes import changed_file
from .companions import Companions
from .external_target import ExternalTarget
from .login.shared_session import ensure_session
from .migrations import Migrations, check_migrations
from .server_packages import PackageInstaller
from .start import StartContext, start_target
from .target import Target
from .worktrees import Worktrees

OnEvent = Callable[[str, str], None]  # state (starting, restarting, ready), message
SETUP_TIMEOUT_S = 120.0  # for each command
STARTS_AT_ONCE = 2  # on the targets' core; more only make each other late


class Targets:
    """The warm targets of one project, by the lane's text for the server. Lives in one loop.

    `project` is read anew when its lab.toml changed. Its set-up commands are run first, once
    and whenever its code changed, then its companions are started. Every process started
    here carries LIVEBURST_MARK=`mark` in its environment. `home` is where servers are put
    that a project's own environment does not have.
    """

    def __init__(
        self,
        project: Project,
        *,
        mark: str,
        log_directory: Path,
        cores: Cores,
        home: Path | None = None,
    ) -> None:
        log_directory.mkdir(parents=True, exist_ok=True)
        self.project = project
        self._mark = mark
        self._log_directory = log_directory
        self._cores = cores.targets
        self._warm: dict[str, Target] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._installed = PackageInstaller(home or log_directory.parent, log_directory)
        self._companions = Companions(mark=mark, log_directory=log_directory, cores=cores.targets)
        self._versions = Worktrees(home or log_directory.parent)
        self._served_from: dict[str, Path] = {}  # by the lane's text for the server
        self._set_up_in: set[Path] = set()
        self._preparing = asyncio.Lock()
        self._logging_in = asyncio.Lock()  # one logs in, and the others have its session
        self._starting = asyncio.Semaphore(STARTS_AT_ONCE)
        self._set_up_s: float | None = None  # when it last was, of `time.time`

    async def ready(
        self, server: str, on_event: OnEvent, scenario: str | None = None, login: bool = False
    ) -> Target:
        """The target under this server: the warm one, or a new one where that is out of date.

        `server` may carry settings: `gunicorn-gthread:threads=32`. Companions that only some
        scenarios need are there if `scenario` is one of these. `login`: requests are to carry
        a session, so it has one that it accepts. Tells `on_event` what it
        does: `starting` or `restarting` (and why), then `ready`. Raises TargetFailed.
        """
        async with self._locks[server]:
            await self._prepare(on_event, scenario)
            if login and self.project.login:
                credentials_of(self.project.login)  # before anything is started in vain
            target = self._warm.get(server)
            why = await self._why_restart(server, target) if target else None
            if target is None or why is not None:
                on_event("restarting" if target else "starting", why or f"starting {server}")
                target = await self._start(server)
            if login:
                async with self._logging_in:
                    await ensure_session(target, server, self.project, scenario)
            on_event("ready", f"{server} is ready")
            return target

    async def discard(self, server: str) -> None:
        """End one, if it is warm, so that the next `ready` starts it anew."""
        await self._stop(server)

    async def migrations(self, server: str) -> Migrations:
        """What the project's own Django says of its database, as this server has both."""
        project = await self._of_version(server)
        application = project.application(self._server(server))
        if application is None or self._server(server).url is not None:
            return Migrations(None, "it is not served from here")
        env = self._companions.env
        return await check_migrations(project, application, env, self._log_directory)

    async def stop(self) -> None:
        """End all of them, together; whoever is being started is waited for first."""
        await asyncio.gather(*(self._stop(server) for server in list(self._locks)))
        async with self._preparing:
            await self._companions.stop()
            await self._versions.close()

    async def _stop(self, server: str) -> None:
        async with self._locks[server]:
            target = self._warm.pop(server, None)
            if target is not None:
                await target.stop()

    async def _start(self, name: str) -> Target:
        old = self._warm.pop(name, None)
        if old is not None:
            await old.stop()
        target = await self._started(name, self._server(name))
        self._warm[name] = target
        return target

    async def _started(self, name: str, server: Server) -> Target:
        if server.url is not None:
            running = ExternalTarget(server)
            await running.check()
            return running
        project = await self._of_version(name)
        if project.directory not in self._set_up_in:
            await self._set_up(project, _tell_nobody)
        packages = await self._installed.packages(project, server)
        companions = self._companions
        beside = StartContext(
            *(self._mark, self._log_directory, self._cores, companions.env),
            failure=lambda: companions.failure,
        )
        async with self._starting:
            target = await start_target(project, server, packages, beside, name=name)
        self._served_from[name] = project.directory
        if own := self.project.overrides_of(name):
            target.facts["own"] = own.facts
        if version := self.project.version(without_overrides(name)):
            target.facts["version"] = {**asdict(version), "directory": str(project.directory)}
        return target

    async def _of_version(self, name: str) -> Project:
        """The project as the lane's version has it: itself, or with another directory."""
        try:
            version = self.project.version(without_overrides(name))
        except InvalidPlan as error:  # the lab.toml changed since it was asked for
            raise TargetFailed(str(error)) from None
        project = self.project.served_as(name)
        return project if version is None else await self._versions.project(project, version)

    def _server(self, name: str) -> Server:
        try:
            return self.project.server(without_overrides(name))
        except InvalidPlan as error:  # the lab.toml changed since it was asked for
            raise TargetFailed(str(error)) from None

    async def _prepare(self, on_event: OnEvent, scenario: str | None) -> None:
        """What a project needs before any target starts: itself, its set-up, its companions."""
        async with self._preparing:
            changed = await self._changed_since(self._set_up_s or 0.0, self.project.directory)
            if self._set_up_s is None or changed is not None:
                if self._set_up_s is not None and changed == self.project.path:
                    self.project = _read_again(self.project)
                self._set_up_in.clear()
                await self._set_up(self.project, on_event)
                self._set_up_s = time.time()
            await self._companions.ready(self.project, scenario, on_event)

    async def _set_up(self, project: Project, on_event: OnEvent) -> None:
        """Run the project's commands, once in each directory that it is served from."""
        log = self._log_directory / "setup.log"
        log.unlink(missing_ok=True)
        for first, *rest in project.setup:
            on_event("starting", f"setting up: {' '.join([first, *rest])}")
            await run_to_end(
                [project.python if first == "python" else first, *rest],
                env={**project_environment(project.env, {}), "LIVEBURST_MARK": self._mark},
                directory=project.directory,
                log=log,
                timeout_s=SETUP_TIMEOUT_S,
                cores=self._cores,
            )
        self._set_up_in.add(project.directory)

    async def _why_restart(self, name: str, target: Target) -> str | None:
        """What speaks against the warm target; None if nothing does."""
        if isinstance(target, ExternalTarget):
            gone = self.project.servers.get(target.server.name) != target.server
            return f"{self.project.path.name} changed" if gone else None
        if not target.alive:
            return f"{target.server.name} had ended"
        if target.env != self._companions.env:
            return "companions were started anew"
        directory = (await self._of_version(name)).directory
        if directory != self._served_from[name]:
            return "its version is another one now"
        changed = await self._changed_since(target.started_s, directory)
        return None if changed is None else f"{_shown(changed, directory)} changed"

    async def _changed_since(self, since_s: float, directory: Path) -> Path | None:
        return await asyncio.to_thread(changed_file, directory, self.project.path, since_s)


def _read_again(project: Project) -> Project:
    """As its lab.toml says now; versions that a command line brought stay."""
    try:
        read = load_manifest(project.path)
    except InvalidManifest as error:
        raise TargetFailed(f"{project.path.name} changed and cannot be used: {error}") from error
    return replace(read, versions={**project.versions, **read.versions})


def _tell_nobody(state: str, message: str) -> None:
    """Of the set-up of a version: its target says that it is starting."""


def _shown(path: Path, directory: Path) -> Path:
    return path.relative_to(directory) if path.is_relative_to(directory) else path
