"""Targets of liveapp that are always ended at the end of a test."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.model.server import Server
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores

from .helpers import LIVEAPP, marked, until_async
from .warm import WarmServers, ignore

MakeTargets = Callable[..., Targets]
__all__ = ["MakeTargets", "Stop", "ignore"]


@pytest.fixture
def mark() -> str:
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
async def make_targets(mark: str, tmp_path: Path) -> AsyncIterator[MakeTargets]:
    """Makes pools, of liveapp by default; afterwards none of their processes is left."""
    made: list[Targets] = []

    def make(lab: Path = LIVEAPP, servers: Mapping[str, Server] | None = None) -> Targets:
        project = load_manifest(lab)
        targets = Targets(
            replace(project, servers=servers or project.servers),
            mark=mark,
            log_directory=tmp_path / "logs",
            cores=Cores.here(),
        )
        made.append(targets)
        return targets

    yield make
    for targets in made:
        await targets.stop()
    assert await until_async(lambda: not marked(mark))


@pytest.fixture
def targets(make_targets: MakeTargets) -> Targets:
    return make_targets()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def warm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[WarmServers]:
    """The servers that all tests of a worker share. For tests in the session's event loop."""
    servers = WarmServers(tmp_path_factory.mktemp("warm"))
    yield servers
    await servers.stop_all()


Stop = Callable[[], Awaitable[None]]
