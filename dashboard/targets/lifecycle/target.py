"""One target while it lives: a project under one server, ready to be fired at."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dashboard.project.model.server import Server
from dashboard.targets.observe.health import Health
from dashboard.targets.observe.worker_turnover import WorkerTurnover, log_shows_out_of_descriptors
from dashboard.targets.supervise.launcher import Child
from dashboard.targets.supervise.log_files import last_line_since, log_size, read_tail
from dashboard.wire.errors import TargetFailed
from dashboard.wire.lane_report import AnswerKind


class Target:
    """A project under a server on a loopback port, ready to be fired at.

    `facts` say how it was started and what was found: command, processes, threads, cores,
    backlog (None: not known), versions, and where each package came from. `env` is what
    the companions brought to it, and `companion_failure` says whether one of them has ended.
    """

    tls = False
    # The cookies of whoever was logged in when it had started.
    session: Mapping[str, str] = MappingProxyType({})

    def __init__(
        self,
        server: Server,
        address: tuple[str, int],
        child: Child,
        health: Health,
        *,
        log: Path,
        env: Mapping[str, str],
        companion_failure: Callable[[], TargetFailed | None],
    ) -> None:
        self.server = server
        self.host, self.port = address
        self.env = env
        self._companion_failure = companion_failure
        self.facts: dict[str, Any] = {}
        self.started_s = time.time()  # to be compared with the times of files
        self._child = child
        self._health = health
        self._log = log
        self._log_size = 0  # in bytes, when the last firing began

    @property
    def alive(self) -> bool:
        """Whether its server still runs, and what it was started beside."""
        return self.failure is None

    @property
    def failure(self) -> TargetFailed | None:
        """What ended, the server or a companion, with its own last lines; None if nothing did."""
        if self._child.status is not None:
            message = f"{self.server.name} ended with status {self._child.status}"
            return TargetFailed(message, read_tail(self._log))
        return self._companion_failure()

    @property
    def url(self) -> str:
        """Where it is fired at."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    @property
    def processes(self) -> list[int]:
        """Process ids of those of its processes that have spoken with us."""
        return list(self._health.probes)

    def log_tail(self) -> str:
        """The last lines of what ended; while nothing did, those of the server."""
        failure = self.failure
        return failure.log_tail if failure is not None else read_tail(self._log)

    async def begin(self, firing: int) -> bool:
        """A firing begins: peaks start anew and health is reported. Bounded to a second.

        Returns whether every process answered.
        """
        self._log_size = log_size(self._log)
        return await self._health.begin(firing, self._child.guard_pid)

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """The rows of health since the last call, keys as in COLUMNS["health"]."""
        return self._health.take_rows(origin_ns)

    @property
    def executor(self) -> Mapping[str, int] | None:
        """Of the last firing: `limit`, `threads`, `queued` of the loop's default executor.

        As it was when most calls stood in line for it; None where nobody has used it.
        """
        return self._health.executor

    @property
    def log_line(self) -> str:
        """The last line that the server wrote since the last firing began; empty for none."""
        return last_line_since(self._log, self._log_size)

    @property
    def worker_turnover(self) -> WorkerTurnover | None:
        """Who worked in the last firing, and how much; once it is over."""
        out = log_shows_out_of_descriptors(self._log, self._log_size)
        return self._health.worker_turnover(out_of_descriptors=out)

    @property
    def answers(self) -> Sequence[AnswerKind]:
        """Of the last firing: exceptions, and redirects that no view answered; most first."""
        return self._health.answers

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """The firing is over: wait until nothing is in the application any more.

        Sync views run on after their clients gave up. Returns whether it became quiet in
        time; `take_rows` then has the last rows, with the final peaks.
        """
        return await self._health.end(firing, quiet_timeout_s)

    async def stop(self) -> None:
        """End the server and everything below it."""
        self._health.close()
        await self._child.stop()
