"""liveapp under real servers, started once for all tests of this package."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores
from tests.targets.helpers import LIVEAPP, marked, until


class Liveapp:
    """The project under whatever server is asked for, started when it first is.

    For sync tests and fixtures: it has an event loop of its own, which runs only while a
    target is started or stopped.
    """

    def __init__(self, directory: Path, env: Mapping[str, str] | None = None) -> None:
        project = load_manifest(LIVEAPP)
        self._mark = f"test-{uuid.uuid4().hex}"
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._urls: dict[str, str] = {}
        self._targets = Targets(
            replace(project, env={**project.env, **(env or {})}),
            mark=self._mark,
            log_directory=directory,
            cores=Cores.here(),
        )

    def url(self, server: str, *scenarios: str) -> str:
        """Where it answers under this server, with the companions that these scenarios need."""
        if server not in self._urls:
            for scenario in scenarios or [None]:
                ready = self._targets.ready(server, lambda state, message: None, scenario)
                self._urls[server] = f"http://127.0.0.1:{self._runner.run(ready).port}"
        return self._urls[server]

    def stop(self) -> None:
        """End all of it, and make sure that nothing is left."""
        self._runner.run(self._targets.stop())
        self._runner.close()
        assert until(lambda: not marked(self._mark), 2)


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liveapp]:
    """One liveapp for the whole package; ask it for the URL of a server."""
    liveapp = Liveapp(tmp_path_factory.mktemp("liveapp"))
    yield liveapp
    liveapp.stop()
