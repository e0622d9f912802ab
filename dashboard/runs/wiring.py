"""Sets up a laboratory: assigns cores, and wires the pool of targets, the engine and the hub."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.conduct.conductor import SendEvent
from dashboard.runs.engines.engine_group import EngineGroup
from dashboard.runs.engines.engine_process import Engine, frame_reader, plan_writer
from dashboard.runs.live.hub import Hub
from dashboard.runs.queue.laboratory import Laboratory, RunInspector
from dashboard.runs.where.auto_where import AutoWhere
from dashboard.runs.where.lane_sampler import LaneSampler
from dashboard.runs.xray.auto_xray import AutoXray, EveryLaneXray
from dashboard.runs.xray.traced_request import RequestTracer
from dashboard.targets.calibration.start_null_server import null_server
from dashboard.targets.lifecycle.pool import Targets
from dashboard.targets.sampled_target import sampled_target
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.supervise.launcher import launch
from dashboard.targets.supervise.log_files import open_log
from dashboard.targets.supervise.orphans import end_orphans
from dashboard.wire.plan.plan import Plan

from .resources import Resources

ROOT = Path(__file__).resolve().parents[2]


def set_up(
    project: Project, home: Path, engines: int | None = None, *, calibrates_first: bool = False
) -> Laboratory:
    """Return a laboratory for this process, which moves to the dashboard's cores for good.

    Every load is fired by `engines` processes together. None: by one for each core of the engine's
    share, for those loads that sharing does not change.
    """
    end_orphans()
    cores = Cores.here()
    cores.settle_here()
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    mark = os.environ.get("LIVEBURST_MARK") or f"liveburst-{os.getpid()}"
    targets = Targets(project, mark=mark, log_directory=logs, cores=cores)
    null = partial(null_server, mark=mark, log=logs / "null-server.log", cores=cores.targets)
    keeper = EngineKeeper(cores, logs, mark, engines)
    sampled = partial(sampled_target, mark=mark, home=home, cores=cores)
    resources = Resources(targets, keeper, null, sampled_target=sampled, home=home)
    tracer = RequestTracer(mark=mark, home=home, cores=cores)
    inspector = Inspectors(AutoXray(tracer), AutoWhere(LaneSampler(resources)))
    every_lane = EveryLaneXray(tracer)
    return Laboratory(
        resources, Hub(), home, inspector, tracer=every_lane, calibrates_first=calibrates_first
    )


class Inspectors:
    """Inspects the lanes of a run in several ways, one after the other."""

    def __init__(self, *inspectors: RunInspector) -> None:
        self._inspectors = inspectors

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        """Let each of them inspect the run."""
        for inspector in self._inspectors:
            await inspector.inspect(run, plan, project, send)


class EngineKeeper:
    """Keeps an engine running, so that a run need not wait for a process to start.

    It consists of as many processes as requested, else as the engine's share has cores.
    """

    def __init__(self, cores: Cores, logs: Path, mark: str, engines: int | None = None) -> None:
        self._cores = cores.engine
        self.processes = engines or max(1, len(cores.engine))
        self._pools = engines is not None
        self._log = logs / "engine.log"
        self._mark = mark
        self._engine: Engine | EngineGroup | None = None

    async def ready(self) -> Engine | EngineGroup:
        """Return the engine of the last run if it is fit for another, or a new one."""
        if self._engine is None or not self._engine.fit:
            self.close()
            self._engine = await self._start()
        return self._engine

    def close(self) -> None:
        """End the engine, if there is one."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    async def _start(self) -> Engine | EngineGroup:
        """Start one process or several; if one cannot be started, end the others."""
        engines: list[Engine] = []
        try:
            for process in range(self.processes):
                engine = await self._start_process(self._cores_of(process))
                engines.append(engine)
        except BaseException:
            EngineGroup(engines).close()
            raise
        return engines[0] if len(engines) == 1 else EngineGroup(engines, pools=self._pools)

    def _cores_of(self, process: int) -> tuple[int, ...]:
        """Return one core per process if there are as many, else all cores for each process."""
        alone = len(self._cores) == self.processes
        return self._cores[process : process + 1] if alone else self._cores

    async def _start_process(self, cores: tuple[int, ...]) -> Engine:
        plan_read, plan_write = os.pipe()
        frames_read, frames_write = os.pipe()
        try:
            with open_log(self._log, anew=False) as log:
                child = await launch(
                    [sys.executable, "-m", "dashboard.engine"],
                    env={**os.environ, "LIVEBURST_MARK": self._mark},
                    cores=cores,
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
