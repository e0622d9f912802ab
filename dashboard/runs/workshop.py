"""Setting a laboratory up: cores shared out, targets at hand, an engine a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from dashboard.targets.cores import Cores
from dashboard.targets.launcher import launch
from dashboard.targets.manifest import Project
from dashboard.targets.pool import Targets

from .conductor import Equipment
from .engine import Engine, frame_reader, plan_writer
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
    return Laboratory(Equipment(targets, engine_starter(cores, logs, mark)), Hub(), home)


def engine_starter(cores: Cores, logs: Path, mark: str) -> Callable[[], Awaitable[Engine]]:
    """How a run starts its engine: a child of the guard, on the engine's cores."""

    async def start() -> Engine:
        plan_read, plan_write = os.pipe()
        frames_read, frames_write = os.pipe()
        try:
            with (logs / "engine.log").open("ab") as log:
                child = await launch(
                    [sys.executable, "-m", "dashboard.engine"],
                    env={**os.environ, "LIVEBURST_MARK": mark},
                    cores=cores.engine,
                    cwd=ROOT,
                    stdin_fd=plan_read,
                    stdout=frames_write,
                    stderr=log,
                )
        finally:
            os.close(plan_read)
            os.close(frames_write)
        return Engine(child, await plan_writer(plan_write), await frame_reader(frames_read))

    return start
