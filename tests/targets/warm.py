"""Targets that tests share: each is started once and kept warm."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.lifecycle.target import Target
from dashboard.targets.supervise.cores import Cores

from .helpers import LIVEAPP, marked, until_async


def ignore(state: str, message: str) -> None:
    """An `on_event` that does nothing."""


@asynccontextmanager
async def warm_pool(lab: Path, directory: Path) -> AsyncIterator[Targets]:
    """A pool of a project's targets; after the block none of its processes is left."""
    mark = f"test-{uuid.uuid4().hex}"
    pool = Targets(
        load_manifest(lab), mark=mark, log_directory=directory / "logs", cores=Cores.here()
    )
    try:
        yield pool
    finally:
        await pool.stop()
    assert await until_async(lambda: not marked(mark))


@dataclass
class Warm:
    """One server in a pool of its own: its processes can be distinguished from all others."""

    targets: Targets
    mark: str

    async def stop(self) -> None:
        """End it, and make sure that nothing is left."""
        await self.targets.stop()
        assert await until_async(lambda: not marked(self.mark))


class WarmServers:
    """Targets of liveapp by the server as a lane names it. Used in the session's event loop.

    The project is set up once, before the first start. `firings` are numbers that no other firing
    at these targets has.
    """

    def __init__(self, directory: Path) -> None:
        self.firings: Iterator[int] = count(1)
        self._directory = directory
        self._project = load_manifest(LIVEAPP)
        self._warm: dict[str, Warm] = {}

    async def ready(self, server: str) -> Target:
        """Return the warm target, started if there is none."""
        warm = self._warm.setdefault(server, self._new())
        target = await warm.targets.ready(server, ignore)
        self._project = replace(self._project, setup=())
        return target

    def mark(self, server: str) -> str:
        """Return what marks the processes of this server and no others."""
        return self._warm[server].mark

    async def stop(self, server: str) -> None:
        """End one of them, and make sure that nothing is left of it."""
        await self._warm.pop(server).stop()

    async def stop_all(self) -> None:
        """End all of them."""
        await asyncio.gather(*(self.stop(server) for server in list(self._warm)))

    def _new(self) -> Warm:
        mark = f"test-{uuid.uuid4().hex}"
        log_directory = self._directory / mark / "logs"
        targets = Targets(self._project, mark=mark, log_directory=log_directory, cores=Cores.here())
        return Warm(targets, mark)
