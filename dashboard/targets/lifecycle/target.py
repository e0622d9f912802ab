"""One target while it runs: a project under one server, ready to be fired at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from dashboard.project.model.server import Server
from dashboard.targets.observe.health import Health
from dashboard.targets.observe.worker_turnover import WorkerTurnover, log_shows_out_of_descriptors
from dashboard.targets.supervise.launcher import Child
from dashboard.targets.supervise.log_files import last_line_since, log_size, read_tail
from dashboard.wire.errors import TargetFailed
from dashboard.wire.report.answers import AnswerKind
from dashboard.wire.report.target_facts import ConnectionFacts, ExecutorFacts, TargetFacts


class Target:
    """A project under a server on a loopback port, ready to be fired at.

    `started_s` is when it was started (of `time.time`). `facts` are how it was started and what
    was found. `companion_env` is what the companions added to its environment;
    `companion_failure` returns why one of them has ended, None while all run. `application_name` is
    under which PostgreSQL lists its connections, None if the project chose a name itself.
    """

    tls = False
    ca: str | None = None
    session: Mapping[str, str] = MappingProxyType({})  # cookies of a login; empty without one

    def __init__(
        self,
        server: Server,
        address: tuple[str, int],
        child: Child,
        health: Health,
        *,
        log: Path,
        started_s: float,
        facts: TargetFacts,
        companion_env: Mapping[str, str],
        companion_failure: Callable[[], TargetFailed | None],
        application_name: str | None = None,
    ) -> None:
        self.server = server
        self.host, self.port = address
        self.started_s = started_s
        self.facts = facts
        self.companion_env = companion_env
        self.application_name = application_name
        self._companion_failure = companion_failure
        self._child = child
        self._health = health
        self._log = log
        self._log_size = 0  # in bytes, when the last firing began

    def use_session(self, session: Mapping[str, str]) -> None:
        """Send these cookies of a login with the requests that need one."""
        self.session = session

    @property
    def alive(self) -> bool:
        """True while its server and the companions that it needs run."""
        return self.failure is None

    @property
    def suspended(self) -> bool:
        """True if one of its processes is stopped by a signal, and answers nothing."""
        return self._child.suspended

    @property
    def failure(self) -> TargetFailed | None:
        """Why it can serve no more: server or companion ended, with the last lines of its log."""
        if self._child.status is not None:
            message = f"{self.server.name} ended with status {self._child.status}"
            return TargetFailed(message, read_tail(self._log))
        return self._companion_failure()

    @property
    def url(self) -> str:
        """Its URL, without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http{'s' if self.tls else ''}://{host}:{self.port}"

    @property
    def processes(self) -> list[int]:
        """The ids of those of its processes whose probe has reported."""
        return list(self._health.probes)

    def log_tail(self) -> str:
        """Return the last log lines of the server, or of the companion that has ended."""
        failure = self.failure
        return failure.log_tail if failure is not None else read_tail(self._log)

    async def begin(self, firing: int) -> bool:
        """Begin a firing: reset the peaks and have health reported. Takes a second at most.

        Returns True if every process answered.
        """
        self._log_size = log_size(self._log)
        return await self._health.begin(firing, self._child.command_root)

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """Return the rows of health since the last call, keys as in COLUMNS["health"]."""
        return self._health.take_rows(origin_ns)

    @property
    def executor(self) -> ExecutorFacts | None:
        """Of the last firing: `limit`, `threads` and `queued` of the loop's default executor.

        As it was when most calls were queued in it; None if it was not used.
        """
        return self._health.executor

    @property
    def connections(self) -> Sequence[ConnectionFacts]:
        """Of the last firing, once it is over: connections to each database, by alias."""
        return self._health.connections

    @property
    def established(self) -> int:
        """Connections to PostgreSQL after the last firing, as the probes count them."""
        return self._health.established

    @property
    def log_line(self) -> str:
        """The last line that the server wrote since the last firing began; empty for none."""
        return last_line_since(self._log, self._log_size)

    @property
    def worker_turnover(self) -> WorkerTurnover | None:
        """Of the last firing, once it is over: which processes worked, and how much."""
        out = log_shows_out_of_descriptors(self._log, self._log_size)
        return self._health.worker_turnover(out_of_descriptors=out)

    @property
    def answers(self) -> Sequence[AnswerKind]:
        """Of the last firing: exceptions, and redirects that no view made; most frequent first."""
        return self._health.answers

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """End a firing: wait until no request is in the application any more.

        Sync views continue after their clients gave up. Returns True if the application became
        quiet in time; `take_rows` then returns the last rows, with the final peaks.
        """
        return await self._health.end(firing, quiet_timeout_s)

    async def stop(self) -> None:
        """End the server and everything below it."""
        self._health.close()
        await self._child.stop()
