"""Targets that are sampled without processes: what they saw is made by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from dashboard.project.project import Project
from dashboard.runs.resources import Resources
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.plan import Lane
from dashboard.wire.traces.looks import LookFrame, Looks, LookStack
from tests.runs.fakes import FakeEngine, FakeTarget, FakeTargets, fake_resources

SOURCE = "def view(request):\n    time.sleep(0.1)\n"


def made_looks(start_ns: int, end_ns: int) -> Looks:
    """Return looks that found one request sleeping for 100 ms at views.py:2."""
    frame = LookFrame("views.py", 2, "view", "views", project=True, call="time.sleep")
    stack = LookStack("blocking", (0,), 20, 100.0, 0.0, frozenset({1}))
    return Looks(
        start_ns,
        end_ns,
        1,
        (frame,),
        (stack,),
        {
            "interval_ms": 5.0,
            "cpu_share": 0.01,
            "late_ms_p99": 0.2,
            "late_ms_max": 1.0,
            "looks": 20,
            "processes": 1,
            "limits": [],
        },
    )


@dataclass
class FakeSampledTarget:
    """A target that was looked at; `windows` are the instants that it was asked for."""

    target: FakeTarget
    served_from: Path
    windows: list[tuple[int, int]]

    async def looks(self, start_ns: int, end_ns: int) -> Looks:
        """Return always the same looks."""
        self.windows.append((start_ns, end_ns))
        return made_looks(start_ns, end_ns)


@dataclass
class FakeSampledTargets:
    """Starts targets that are sampled, in a directory with views.py; notes what it was asked for.

    Those of the servers in `failing` do not start.
    """

    directory: Path
    failing: tuple[str, ...] = ()
    started: list[str] = field(default_factory=list)
    prepared: list[bool] = field(default_factory=list)
    windows: list[tuple[int, int]] = field(default_factory=list)
    running: int = 0

    @asynccontextmanager
    async def __call__(
        self,
        project: Project,
        scenario: str,
        lane: Lane,
        *,
        prepared: bool,
        on_step: Callable[[str], None],
    ) -> AsyncIterator[FakeSampledTarget]:
        """Start a target for as long as the block lasts."""
        self.started.append(str(lane))
        self.prepared.append(prepared)
        if lane.server in self.failing:
            raise TargetFailed(f"{lane.server} did not start", "ImportError: no module named shop")
        on_step(f"starting {lane.server}")
        (self.directory / "views.py").write_text(SOURCE)
        self.running += 1
        try:
            yield FakeSampledTarget(FakeTarget(lane.server), self.directory, self.windows)
        finally:
            self.running -= 1


def sampling_resources(
    engine: FakeEngine, sampled: FakeSampledTargets, targets: FakeTargets | None = None
) -> Resources:
    """Return resources whose lanes can be sampled."""
    return replace(fake_resources(engine, targets), sampled_target=sampled)
