"""liveapp under real servers, started once for all tests of this package."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.supervise.cores import Cores
from tests.targets.helpers import LIVEAPP, marked, until


class Liveapp:
    """The project under whatever server is asked for, started when it first is.

    It keeps its files in `home`, and has no database where it has no `setup`. What `scenarios`
    need as companions is started with it. For sync tests and fixtures: it has an event loop of
    its own, which runs only while a target is started or stopped.
    """

    def __init__(
        self,
        home: Path,
        env: Mapping[str, str] | None = None,
        *,
        scenarios: Sequence[str] = (),
        setup: bool = True,
    ) -> None:
        project = load_manifest(LIVEAPP)
        own = {"LIVEAPP_HOME": str(home), "REDIS_URL": ""}
        self.home = home
        self._mark = f"test-{uuid.uuid4().hex}"
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._scenarios = scenarios
        self._urls: dict[tuple[str, str | None], str] = {}
        self._targets = Targets(
            replace(
                project,
                env={**project.env, **own, **(env or {})},
                setup=project.setup if setup else (),
            ),
            mark=self._mark,
            log_directory=home / "logs",
            cores=Cores.here(),
        )

    def url(self, server: str, *scenarios: str) -> str:
        """Where it answers under this server, with the companions that these scenarios need."""
        needed = (*self._scenarios, *scenarios) or (None,)
        for scenario in needed:
            if (server, scenario) not in self._urls:
                ready = self._targets.ready(server, lambda state, message: None, scenario)
                self._urls[server, scenario] = f"http://127.0.0.1:{self._runner.run(ready).port}"
        return self._urls[server, needed[-1]]

    def stop(self) -> None:
        """End all of it, and make sure that nothing is left."""
        self._runner.run(self._targets.stop())
        self._runner.close()
        assert until(lambda: not marked(self._mark), 2)


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liveapp]:
    """One liveapp for all tests that can share it; ask it for the URL of a server.

    It ends with them: Celery's worker looks for messages fifty times per second, which is a tenth
    of a core.
    The external API is started first: a server that ran already would be started again for it.
    """
    liveapp = Liveapp(tmp_path_factory.mktemp("liveapp"), scenarios=("external-api",))
    yield liveapp
    liveapp.stop()
