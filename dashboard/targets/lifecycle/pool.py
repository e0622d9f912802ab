"""The targets of a project: started when needed, kept warm, restarted when its code changed."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.login import credentials_of
from dashboard.project.model.server import Server
from dashboard.project.model.service import without_overrides
from dashboard.project.project import Project
from dashboard.targets.lifecycle.login.shared_session import ensure_session
from dashboard.targets.preparation.database_activity import read_activity
from dashboard.targets.preparation.migrations import Migrations, check_migrations
from dashboard.targets.preparation.server_packages import PackageInstaller
from dashboard.targets.preparation.worktrees import Worktrees
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.environment import project_environment
from dashboard.targets.supervise.subprocesses import run_to_end
from dashboard.wire.errors import InvalidManifest, InvalidPlan, TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.report.target_facts import TargetFacts

from .code_changes import Scan
from .companions import Companions
from .external_target import ExternalTarget
from .start import StartContext, start_target
from .target import Target

OnEvent = Callable[[TargetState, str], None]  # with a message
SETUP_TIMEOUT_S = 120.0  # for each command
STARTS_AT_ONCE = 2  # on the targets' core; more of them only delay each other


class Targets:
    """The warm targets of one project, by the server as a lane names it. Used in one event loop.

    `project` is read again when its lab.toml changed. Its set-up commands run first, once and
    again when its code changed, then its companions are started. Every process started here
    has LIVEBURST_MARK=`mark` in its environment. Servers that a project's own environment lacks
    are installed in `home`.
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
        self._installer = PackageInstaller(home or log_directory.parent, log_directory)
        self._companions = Companions(mark=mark, log_directory=log_directory, cores=cores.targets)
        self._worktrees = Worktrees(home or log_directory.parent)
        self._served_from: dict[str, Path] = {}  # the directory of each warm target
        self._set_up_in: set[Path] = set()
        self._preparing = asyncio.Lock()
        self._logging_in = asyncio.Lock()  # one logs in, and the others use its session
        self._starting = asyncio.Semaphore(STARTS_AT_ONCE)
        self._set_up_s: float | None = None  # the last set-up, by `time.time`
        self._start_lengths_s: dict[str, float] = {}  # of the last start of each server

    async def ready(
        self, server: str, on_event: OnEvent, scenario: str | None = None, login: bool = False
    ) -> Target:
        """Return the warm target under a server, or a new one if there is none or it is outdated.

        `server` may include settings: `gunicorn-gthread:threads=32`. Companions that only some
        scenarios need are started if `scenario` is one of these. With `login`, the target has a
        session that it accepts. `on_event` is called with `starting` or `restarting` and the
        reason, then with `ready`. Raises TargetFailed.
        """
        async with self._locks[server]:
            scan = await self._prepare(on_event, scenario)
            if login and self.project.login:
                credentials_of(self.project.login)  # raises before anything is started
            target = self._warm.get(server)
            reason = await self._restart_reason(server, target, scan) if target else None
            if target is None or reason is not None:
                on_event("restarting" if target else "starting", reason or f"starting {server}")
                target = await self._replace(server, partial(on_event, "starting"))
            if login:
                async with self._logging_in:
                    await ensure_session(target, server, self.project, scenario)
            on_event("ready", f"{server} is ready")
            return target

    def expected_start_s(self, server: str) -> float | None:
        """Return how long `ready` will take to start a target: 0 if one is warm.

        If none is, as long as its last start took; None if it was never started here.
        """
        return 0.0 if server in self._warm else self._start_lengths_s.get(server)

    async def discard(self, server: str) -> None:
        """End the target under a server, if it is warm, so that the next `ready` starts it anew."""
        await self._stop(server)

    async def migrations(self, server: str) -> Migrations:
        """Return which migrations are pending, by the project's own Django, as served here."""
        project = await self._project_served(server)
        application = project.application(self._server(server))
        if application is None or self._server(server).url is not None:
            return Migrations(None, "it is not served from here")
        companion_env = self._companions.env
        return await check_migrations(project, application, companion_env, self._log_directory)

    async def activity(self, server: str, names: Sequence[str]) -> Mapping[str, int]:
        """Return how many connections PostgreSQL lists for these names of applications."""
        project = await self._project_served(server)
        application = project.application(self._server(server))
        if application is None or self._server(server).url is not None:
            return {}
        companion_env, logs = self._companions.env, self._log_directory
        return await read_activity(project, application, companion_env, logs, names)

    async def stop(self) -> None:
        """End all of them at once; a target that is being started is waited for first."""
        await asyncio.gather(*(self._stop(server) for server in list(self._locks)))
        async with self._preparing:
            await self._companions.stop()
            await self._worktrees.close()

    async def _stop(self, server: str) -> None:
        async with self._locks[server]:
            target = self._warm.pop(server, None)
            if target is not None:
                await target.stop()

    async def _replace(self, name: str, on_wait: Callable[[str], None]) -> Target:
        """End the warm target, if there is one, and start a new one."""
        old = self._warm.pop(name, None)
        if old is not None:
            await old.stop()
        server = self._server(name)
        starting = self._start(name, server, on_wait) if server.url is None else _connect(server)
        target = await starting
        self._warm[name] = target
        return target

    async def _start(self, name: str, server: Server, on_wait: Callable[[str], None]) -> Target:
        project = await self._project_served(name)
        if project.directory not in self._set_up_in:
            await self._set_up(project, _ignore_event)
        packages = await self._installer.packages(project, server)
        companions = self._companions
        context = StartContext(
            *(self._mark, self._log_directory, self._cores, companions.env),
            companion_failure=lambda: companions.failure,
            facts=self._facts_of(name, project),
            on_wait=on_wait,
        )
        async with self._starting:
            began_s = time.monotonic()
            target = await start_target(project, server, packages, context, name=name)
            self._start_lengths_s[name] = time.monotonic() - began_s
        self._served_from[name] = project.directory
        return target

    def _facts_of(self, name: str, project: Project) -> TargetFacts:
        """Return what the lane's name adds to the facts: overrides of its own, and a version."""
        facts: TargetFacts = {}
        if overrides := self.project.overrides_of(name):
            facts["own"] = overrides.facts
        if version := self.project.version(without_overrides(name)):
            facts["version"] = {
                "name": version.name,
                "directory": str(project.directory),
                "revision": version.revision,
            }
        return facts

    async def _project_served(self, name: str) -> Project:
        """Return the project as served there: with a variant's overrides, in a version's code."""
        try:
            version = self.project.version(without_overrides(name))
        except InvalidPlan as error:  # the lab.toml changed since the plan was made
            raise TargetFailed(str(error)) from None
        project = self.project.served_as(name)
        return project if version is None else await self._worktrees.project_at(project, version)

    def _server(self, name: str) -> Server:
        try:
            return self.project.server(without_overrides(name))
        except InvalidPlan as error:  # the lab.toml changed since the plan was made
            raise TargetFailed(str(error)) from None

    async def _prepare(self, on_event: OnEvent, scenario: str | None) -> Scan:
        """Do what precedes the start of targets: read the lab.toml, set up, start companions.

        Returns the look at the project's files on which all that follows relies.
        """
        async with self._preparing:
            scan = await self._scan(self.project.directory)
            changed = scan.changed_since(self._set_up_s or 0.0)
            if self._set_up_s is None or changed is not None:
                if self._set_up_s is not None and changed == self.project.path:
                    self.project = _reload(self.project)
                self._set_up_in.clear()
                await self._set_up(self.project, on_event)
                self._set_up_s = time.time()
                scan = await self._scan(self.project.directory)
            await self._companions.ready(self.project, scenario, on_event, scan)
            return scan

    async def _set_up(self, project: Project, on_event: OnEvent) -> None:
        """Run the project's set-up commands in a directory that it is served from."""
        log = self._log_directory / "setup.log"
        log.unlink(missing_ok=True)
        for first, *rest in project.setup:
            on_event("starting", f"setting up: {' '.join([first, *rest])}")
            await run_to_end(
                [project.python if first == "python" else first, *rest],
                env={**project_environment(project, {}), "LIVEBURST_MARK": self._mark},
                directory=project.directory,
                log=log,
                timeout_s=SETUP_TIMEOUT_S,
                cores=self._cores,
            )
        self._set_up_in.add(project.directory)

    async def _restart_reason(self, name: str, target: Target, scan: Scan) -> str | None:
        """Return why the warm target cannot be used any more; None if it can."""
        if isinstance(target, ExternalTarget):
            changed_server = self.project.servers.get(target.server.name) != target.server
            return f"{self.project.path.name} changed" if changed_server else None
        if not target.alive:
            return f"{target.server.name} had ended"
        if await asyncio.to_thread(_is_suspended, target):
            return f"{target.server.name} was suspended"
        if target.companion_env != self._companions.env:
            return "companions were started anew"
        directory = (await self._project_served(name)).directory
        if directory != self._served_from[name]:
            return "its version is another one now"
        own = scan if directory == self.project.directory else await self._scan(directory)
        changed = own.changed_since(target.started_s)
        return None if changed is None else f"{_relative(changed, directory)} changed"

    async def _scan(self, directory: Path) -> Scan:
        return await asyncio.to_thread(Scan.of, directory, self.project.path)


async def _connect(server: Server) -> Target:
    target = ExternalTarget(server)
    await target.check()
    return target


def _is_suspended(target: Target) -> bool:
    return target.suspended


def _reload(project: Project) -> Project:
    """Return the project of the changed lab.toml; keep versions named on the command line."""
    try:
        reloaded = load_manifest(project.path)
    except InvalidManifest as error:
        raise TargetFailed(f"{project.path.name} changed and cannot be used: {error}") from error
    return replace(reloaded, versions={**project.versions, **reloaded.versions})


def _ignore_event(state: TargetState, message: str) -> None:
    """Drop the set-up of a version: the start of its target has been reported already."""


def _relative(path: Path, directory: Path) -> Path:
    return path.relative_to(directory) if path.is_relative_to(directory) else path
