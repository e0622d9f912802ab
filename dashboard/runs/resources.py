"""What runs are performed with, seen from the conductor: tests bring an engine that replays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Protocol

from dashboard.analysis.samples.resource_use import NeighbourCost
from dashboard.project.project import Project
from dashboard.targets.lifecycle.migrations import Migrations
from dashboard.targets.observe.machine import cpu_times
from dashboard.targets.observe.worker_turnover import WorkerTurnover
from dashboard.wire.errors import TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.lane_report import AnswerKind
from dashboard.wire.plan import Firing


class Target(Protocol):
    """What a run needs of a target; `dashboard.targets` has the real one."""

    host: str
    port: int
    tls: bool
    started_s: float

    @property
    def facts(self) -> Mapping[str, Any]:
        """How it was started, and what was found."""

    @property
    def session(self) -> Mapping[str, str]:
        """The cookies of whoever is logged in there; empty for nobody."""

    @property
    def failure(self) -> TargetFailed | None:
        """Why it can serve no more, with the last lines of whoever ended; None while it can."""

    @property
    def executor(self) -> Mapping[str, int] | None:
        """Of the last firing: `limit`, `threads` and `queued` of the default executor, if used."""

    @property
    def answers(self) -> Sequence[AnswerKind]:
        """Of the last firing: exceptions and redirects, as in docs/frame.md."""

    @property
    def log_line(self) -> str:
        """The last line that the server wrote since the last firing began; empty for none."""

    @property
    def worker_turnover(self) -> WorkerTurnover | None:
        """Of the last firing: which workers served it; None where nobody can say."""

    async def begin(self, firing: int) -> bool:
        """Start peaks and counts anew, and reports; whether every process answered."""

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """Health since the last call, instants relative to the origin."""

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """Stop reports; True once nothing is in the application, False when time ran out."""


class Targets(Protocol):
    """The pool of targets."""

    @property
    def project(self) -> Project:
        """What the targets serve, as its lab.toml says now."""

    async def ready(
        self,
        server: str,
        on_event: Callable[[TargetState, str], None],
        scenario: str | None = None,
        login: bool = False,
    ) -> Target:
        """A target that answers, what the scenario needs beside it, and a session if asked for."""

    async def migrations(self, server: str) -> Migrations:
        """Whether the project's database is behind its code, if that can be told."""

    async def discard(self, server: str) -> None:
        """End one, so that the next `ready` starts it anew."""

    async def stop(self) -> None:
        """End all of them."""


class Engine(Protocol):
    """The engine's process, or in tests one that replays."""

    def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Yield payloads until the firing is over."""

    def stop(self) -> None:
        """Abort the firing that is on."""


class Engines(Protocol):
    """Where engines come from."""

    async def ready(self) -> Engine:
        """An engine that waits for a firing: the last one if it is fit, or a new one."""

    def close(self) -> None:
        """End it."""


# Host and port of a server that answers at once, for as long as the block lasts.
NullServer = Callable[[], AbstractAsyncContextManager[tuple[str, int]]]


@dataclass
class Resources:
    """What runs are performed with; outlives each of them, so that targets stay warm."""

    targets: Targets
    engines: Engines
    null_server: NullServer
    # Stolen and total CPU time of this machine, in ticks; None where the kernel does not say.
    cpu_times: Callable[[], tuple[int, int] | None] = cpu_times
    # When a variant was last fired at a target, by (server, the target's start, variant).
    last_fired: dict[tuple[str, float, str], float] = field(default_factory=dict)
    # What a neighbour's request costs, by (server, the target's start, path); None: not known.
    neighbour_costs: dict[tuple[str, float, str], NeighbourCost | None] = field(
        default_factory=dict
    )
    # Targets outlive runs, so a firing's number is never used again.
    firing_numbers: Iterator[int] = field(default_factory=lambda: count(1))
