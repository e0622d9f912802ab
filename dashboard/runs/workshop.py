"""Setting a laboratory up: cores shared out, targets and an engine at hand."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from dashboard.targets.cores import Cores
from dashboard.targets.launcher import launch
from dashboard.targets.manifest import Project
from dashboard.targets.pool import Targets
from dashboard.targets.start_null import null_server

from .engine import Engine, frame_reader, plan_writer
from .equipment import Equipment
from .hub import Hub
from .laboratory import Laboratory

ROOT = Path(__file__).resolve().parents[2]


def set_up(project: Project, home: Path) -> Laboratory:
    """A laboratory for this process, which takes the dashboard's place on the cores for good."""
    cores = Cores.here()
    cores.settle_here()
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    targets = Targets(project, mark=mark, log_directory=logs, cores=cores)
    nothing = partial(null_server, mark=mark, log=logs / "null-server.log", cores=cores.targets)
    return Laboratory(Equipment(targets, EngineKeeper(cores, logs, mark), nothing), Hub(), home)


class EngineKeeper:
    """Keeps one engine at hand, so that a press need not wait for a process to start."""

    def __init__(self, cores: Cores, logs: Path, mark: str) -> None:
        self._cores = cores
        self._log = logs / "engine.log"
        self._mark = mark
        self._engine: Engine | None = None

    async def ready(self) -> Engine:
        """The engine of the last run if it is fit for another, or a new one."""
        if self._engine is None or not self._engine.fit:
            self.close()
            self._engine = await self._start()
        return self._engine

    def close(self) -> None:
        """End it, if there is one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    async def _start(self) -> Engine:
        plan_read, plan_write = os.pipe()
        frames_read, frames_write = os.pipe()
        try:
            with self._log.open("ab") as log:
                child = await launch(
                    [sys.executable, "-m", "dashboard.engine"],
                    env={**os.environ, "LIVEBURST_MARK": self._mark},
                    cores=self._cores.engine,
                    cwd=ROOT,
                    stdin_fd=plan_read,
                    stdout=frames_write,
                    stderr=log,
                )
        except BaseException:
            os.close(plan_write)
            os.close(frames_read)
            raise
        finally:
            os.close(plan_read)
            os.close(frames_write)
        return Engine(child, await plan_writer(plan_write), *await frame_reader(frames_read))
