"""An engine that replays and targets that are always ready: runs without processes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from itertools import cycle
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dashboard.project.labtoml.load import load_manifest
from dashboard.project.project import Project
from dashboard.runs.live.hub import Hub
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.resources import Resources, Target
from dashboard.targets.observe.worker_turnover import WorkerTurnover
from dashboard.targets.preparation.migrations import Migrations
from dashboard.wire import frame
from dashboard.wire.errors import EngineFailed, TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.frame import Buffer
from dashboard.wire.plan.plan import Firing
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, ExecutorFacts, TargetFacts
from dashboard.wire.units import NS_PER_MS as MS

ORIGIN_NS = 10**15
WALL_NS, CPU_NS = 100 * MS, 10 * MS  # of a firing, as the engine that replays reports them
LIVEAPP = Path(__file__).parents[2] / "liveapp" / "lab.toml"


@cache
def _liveapp() -> Project:
    """Read it once for all tests of a process: that takes 18 ms."""
    return load_manifest(LIVEAPP)


def samples(requests: int, length_ms: int = 100) -> Mapping[str, Buffer]:
    """Return columns of `requests` that all succeed, each `length_ms` long."""
    return frame.rows_to_columns(
        "samples",
        [
            {
                "request": number,
                "due": 0,
                "sent_first": MS,
                "sent": MS,
                "entered": 2 * MS,
                "view_entered": 3 * MS,
                "view_left": (length_ms - 1) * MS,
                "first_byte": length_ms * MS,
                "done": length_ms * MS,
                "status": 200,
                "error": 0,
                "process": 4242,
            }
            for number in range(requests)
        ],
    )


class FakeEngine:
    """Answers each firing with one `begun` frame, then one `samples` frame.

    With `hold`, a firing waits for `stop` or `release` before its samples come. `length_ms` is how
    long each request of a firing takes.
    """

    def __init__(
        self,
        *,
        hold: bool = False,
        dies: bool = False,
        length_ms: Callable[[Firing], int] = lambda firing: 100,
    ) -> None:
        self._length_ms = length_ms
        self.fired: list[Firing] = []
        self.closed = False
        self.holding = asyncio.Event()
        self._dies = dies
        self._release = asyncio.Event()
        if not hold:
            self._release.set()

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        self.fired.append(firing)
        label: dict[str, Any] = {
            "lane": firing.lane, "round": firing.round, "origin_ns": ORIGIN_NS
        }  # fmt: skip
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        begun = frame.rows_to_columns("begun", [{"request": 0, "due": 0}])
        yield frame.encode("begun", columns=begun, **label)
        self.holding.set()
        await self._release.wait()
        if self._dies:
            raise EngineFailed("The engine ended.")
        columns = samples(firing.load.requests, self._length_ms(firing))
        yield frame.encode("samples", columns=columns, **label)
        yield frame.encode_event({"event": "fired", "wall_ns": WALL_NS, "cpu_ns": CPU_NS})

    def stop(self) -> None:
        self._release.set()


class FakeEngines:
    """Returns always the same engine."""

    processes = 1

    def __init__(self, engine: FakeEngine) -> None:
        self.engine = engine

    async def ready(self) -> FakeEngine:
        return self.engine

    def close(self) -> None:
        self.engine.closed = True


class FakeTarget:
    """A target that is always up, and quiet unless `quiet` is False."""

    host, port, tls, started_s = "127.0.0.1", 1, False, 1.0
    ca: str | None = None
    session: Mapping[str, str] = MappingProxyType({})
    executor: ExecutorFacts | None = None
    connections: tuple[ConnectionFacts, ...] = ()
    established = 0
    application_name: str | None = None
    answers: tuple[AnswerKind, ...] = ()
    log_line = ""
    worker_turnover: WorkerTurnover | None = None

    def __init__(self, server: str) -> None:
        self.server = server
        self.failure: TargetFailed | None = None
        self.quiet = True
        self.firing: int | None = None
        self.facts: TargetFacts = {"command": ["serve", server]}

    async def begin(self, firing: int) -> bool:
        assert self.firing is None, "a firing began before the last one was quiet"
        self.firing = firing
        return True

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        return [{"at": 0, "process": 4242, "peak_in_app": 8}]

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        assert self.firing == firing
        self.firing = None
        return self.quiet


class FakeTargets:
    """Returns one FakeTarget per server; those in `failing` do not start."""

    def __init__(self, failing: tuple[str, ...] = ()) -> None:
        self.project: Project = _liveapp()
        self.made: dict[str, FakeTarget] = {}
        self.discarded: list[str] = []
        self.asked_to_log_in: dict[str, bool] = {}
        self.behind: set[str] = set()  # servers whose project has migrations pending
        self.listed: dict[str, int] = {}  # connections in pg_stat_activity, by application name
        self._failing = failing

    async def ready(
        self,
        server: str,
        on_event: Callable[[TargetState, str], None],
        scenario: str | None = None,
        login: bool = False,
    ) -> Target:
        self.asked_to_log_in[server] = login
        if server in self._failing:
            raise TargetFailed(f"{server} did not start", "its last line")
        if server not in self.made:
            on_event("starting", f"starting {server}")
            self.made[server] = FakeTarget(server)
        return self.made[server]

    def expected_start_s(self, server: str) -> float | None:
        return 0.0 if server in self.made else None

    async def migrations(self, server: str) -> Migrations:
        return Migrations(("shop.0001_initial",) if server in self.behind else ())

    async def activity(self, server: str, names: Sequence[str]) -> Mapping[str, int]:
        return {name: self.listed[name] for name in names if name in self.listed}

    async def discard(self, server: str) -> None:
        self.discarded.append(server)
        del self.made[server]

    async def stop(self) -> None:
        self.made.clear()


@asynccontextmanager
async def fake_null_server() -> AsyncIterator[tuple[str, int]]:
    """Return the address of a null server that is never contacted."""
    yield "127.0.0.1", 1


def fake_resources(engine: FakeEngine, targets: FakeTargets | None = None) -> Resources:
    """Return resources with this engine, on a machine of which no CPU time is stolen."""
    return Resources(
        targets or FakeTargets(), FakeEngines(engine), fake_null_server, cpu_times=stolen_in(engine)
    )


def fake_laboratory(
    engine: FakeEngine,
    home: Path,
    targets: FakeTargets | None = None,
    *,
    calibrates_first: bool = False,
) -> Laboratory:
    """Return a laboratory whose runs get this engine and these targets."""
    resources = fake_resources(engine, targets)
    return Laboratory(resources, Hub(), home, calibrates_first=calibrates_first)


def stolen_in(engine: FakeEngine, *rounds: int) -> Callable[[], tuple[int, int]]:
    """Return CPU counters by which the host takes half of the time in these rounds."""
    stolen, total = 0, 0
    over = cycle((False, True))  # asked twice a firing, the second time when it is over

    def cpu_times() -> tuple[int, int]:
        nonlocal stolen, total
        total += 100
        if next(over) and rounds and engine.fired[-1].round in rounds:
            stolen += 50
        return stolen, total

    return cpu_times
