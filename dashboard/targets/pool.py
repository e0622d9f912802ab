"""All targets of a project: started when needed, kept warm, restarted when the code changed."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

from dashboard.wire.errors import InvalidManifest, TargetFailed

from .changes import changed_file
from .cores import Cores
from .manifest import load_manifest
from .process import Target
from .project import Project
from .servers import Server
from .start import start_target

OnEvent = Callable[[str, str], None]  # state (starting, restarting, ready), message


class Targets:
    """The warm targets of one project, by the server's name. Lives in one event loop.

    `project` is read anew when its lab.toml changed. Every process started here carries
    LIVEBURST_MARK=`mark` in its environment.
    """

    def __init__(
        self,
        project: Project,
        *,
        mark: str,
        log_directory: Path,
        cores: Cores,
        servers: Mapping[str, Server] | None = None,
    ) -> None:
        log_directory.mkdir(parents=True, exist_ok=True)
        self.project = project
        self._mark = mark
        self._log_directory = log_directory
        self._cores = cores
        self._servers = servers or project.servers
        self._warm: dict[str, Target] = {}
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ready(self, server: str, on_event: OnEvent) -> Target:
        """The target under this server: the warm one, or a new one where that is out of date.

        Tells `on_event` what it does: `starting` or `restarting` (and why), then `ready`.
        Raises TargetFailed.
        """
        async with self._locks[server]:
            target = self._warm.get(server)
            why = await self._why_restart(target) if target else None
            if target is None or why is not None:
                on_event("restarting" if target else "starting", why or f"starting {server}")
                target = await self._start(server)
            on_event("ready", f"{server} is ready")
            return target

    async def discard(self, server: str) -> None:
        """End one, if it is warm, so that the next `ready` starts it anew."""
        await self._stop(server)

    async def stop(self) -> None:
        """End all of them, together; whoever is being started is waited for first."""
        await asyncio.gather(*(self._stop(server) for server in list(self._locks)))

    async def _stop(self, server: str) -> None:
        async with self._locks[server]:
            target = self._warm.pop(server, None)
            if target is not None:
                await target.stop()

    async def _start(self, server: str) -> Target:
        old = self._warm.pop(server, None)
        if old is not None:
            await old.stop()
        target = await start_target(
            self.project,
            self._servers[server],
            mark=self._mark,
            log_directory=self._log_directory,
            cores=self._cores.targets,
        )
        self._warm[server] = target
        return target

    async def _why_restart(self, target: Target) -> str | None:
        """What speaks against the warm target; None if nothing does."""
        if not target.alive:
            return f"{target.server.name} had ended"
        project = self.project
        changed = await asyncio.to_thread(
            changed_file, project.directory, project.path, target.started_s
        )
        if changed is None:
            return None
        if changed == project.path:
            self.project = _read_again(changed)
        return f"{_shown(changed, project.directory)} changed"


def _read_again(path: Path) -> Project:
    try:
        return load_manifest(path)
    except InvalidManifest as error:
        raise TargetFailed(f"{path.name} changed and cannot be used: {error}") from error


def _shown(path: Path, directory: Path) -> Path:
    return path.relative_to(directory) if path.is_relative_to(directory) else path
