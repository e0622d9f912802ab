"""The interfaces of what the conductor uses; tests pass a load generator that replays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

from dashboard.analysis.samples.resource_use import BystanderRequestCost
from dashboard.project.project import Project
from dashboard.targets.observe.machine import cpu_times
from dashboard.targets.observe.worker_turnover import WorkerTurnover
from dashboard.targets.preparation.migrations import Migrations
from dashboard.wire.errors import TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.plan.plan import Firing, Lane
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, ExecutorFacts, TargetFacts
from dashboard.wire.traces.looks import Looks


class Target(Protocol):
    """What a run needs of a target; implemented in `dashboard.targets`."""

    host: str
    port: int
    tls: bool
    ca: str | None
    started_s: float

    @property
    def facts(self) -> TargetFacts:
        """How it was started, and what was found."""

    @property
    def session(self) -> Mapping[str, str]:
        """The cookies of the login; empty without one."""

    @property
    def failure(self) -> TargetFailed | None:
        """Why it cannot serve any longer, with the last lines of its log; None while it can."""

    @property
    def executor(self) -> ExecutorFacts | None:
        """`limit`, `threads` and `queued` of the default executor in the last firing, if used."""

    @property
    def connections(self) -> Sequence[ConnectionFacts]:
        """Connections to databases in the last firing; empty if none was used."""

    @property
    def established(self) -> int:
        """Connections to PostgreSQL after the last firing, as the probes count them."""

    @property
    def application_name(self) -> str | None:
        """Under which PostgreSQL lists its connections; None if that is unknown."""

    @property
    def answers(self) -> Sequence[AnswerKind]:
        """Exceptions and redirects in the last firing, as in docs/frame.md."""

    @property
    def log_line(self) -> str:
        """The last line that the server logged since the last firing began; empty for none."""

    @property
    def worker_turnover(self) -> WorkerTurnover | None:
        """Which workers served the last firing; None if unknown."""

    async def begin(self, firing: int) -> bool:
        """Reset peaks and counts and start reports; return whether every process answered."""

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """Return health since the last call, with instants relative to the origin."""

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """Stop reports; return True once the application is idle, False after the timeout."""


class Targets(Protocol):
    """The pool of targets."""

    @property
    def project(self) -> Project:
        """What the targets serve, as the lab.toml was last read."""

    async def ready(
        self,
        server: str,
        on_event: Callable[[TargetState, str], None],
        scenario: str | None = None,
        login: bool = False,
    ) -> Target:
        """Return a target that answers, with the scenario's companions and a session if needed."""

    def expected_start_s(self, server: str) -> float | None:
        """Return how long `ready` will take to start a target: 0 if warm, None if unknown."""

    async def migrations(self, server: str) -> Migrations:
        """Return the project's pending migrations, if known."""

    async def activity(self, server: str, names: Sequence[str]) -> Mapping[str, int]:
        """Return how many connections PostgreSQL lists for each of these application names."""

    async def discard(self, server: str) -> None:
        """End a target, so that the next `ready` starts a new one."""

    async def stop(self) -> None:
        """End all targets."""


class Engine(Protocol):
    """A load generator process, or in tests a replay."""

    def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Yield payloads until the firing is over."""

    def stop(self) -> None:
        """Abort the current firing."""


class Engines(Protocol):
    """Starts engines."""

    @property
    def processes(self) -> int:
        """The number of processes that share a load."""

    async def ready(self) -> Engine:
        """Return an engine that waits for a firing: the last one if it is fit, or a new one."""

    def close(self) -> None:
        """End the engine."""


class SampledTarget(Protocol):
    """A target with the sampler in its processes, for one firing."""

    @property
    def target(self) -> Target:
        """What is fired at."""

    @property
    def served_from(self) -> Path:
        """The directory of the project's code, there until the target's block ends."""

    async def looks(self, start_ns: int, end_ns: int) -> Looks:
        """Return the looks at requests that entered between two instants (monotonic ns)."""


class SampledTargets(Protocol):
    """Starts targets with the sampler in them."""

    def __call__(
        self,
        project: Project,
        scenario: str,
        lane: Lane,
        *,
        prepared: bool,
        on_step: Callable[[str], None],
    ) -> AbstractAsyncContextManager[SampledTarget]:
        """Return a target of the lane, for as long as the block lasts. Raises TargetFailed."""


# Host and port of a server that answers at once, for as long as the block lasts.
NullServer = Callable[[], AbstractAsyncContextManager[tuple[str, int]]]


@dataclass
class Resources:
    """What runs are performed with; shared by all runs of a process, so that targets stay warm."""

    targets: Targets
    engines: Engines
    null_server: NullServer
    # None: lanes cannot be sampled.
    sampled_target: SampledTargets | None = None
    # Stolen and total CPU time of this machine, in ticks; None if unknown.
    cpu_times: Callable[[], tuple[int, int] | None] = cpu_times
    # When a variant was last fired at a target, by (server, the target's start, variant).
    last_fired: dict[tuple[str, float, str], float] = field(default_factory=dict)
    # Where logs and frames are stored; None: nowhere, so that no disk can be full.
    home: Path | None = None
    # What a bystander request costs, by (server, the target's start, path); None if unknown.
    bystander_costs: dict[tuple[str, float, str], BystanderRequestCost | None] = field(
        default_factory=dict
    )
    # Targets outlive runs, so the number of a firing is unique in the process.
    firing_numbers: Iterator[int] = field(default_factory=lambda: count(1))
