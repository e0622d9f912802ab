"""The companions of a project: processes started before its targets and stopped after them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from dashboard.descriptors import exhausted_by
from dashboard.project.model.companion import Companion
from dashboard.project.project import Project
from dashboard.targets.supervise.environment import hint_on_withheld, project_environment
from dashboard.targets.supervise.launcher import Child, launch
from dashboard.targets.supervise.log_files import open_log, read_tail
from dashboard.targets.supervise.start_deadline import StartDeadline
from dashboard.wire.errors import TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.loopback import HOST

from .code_changes import Scan
from .sockets import free_port

_POLL_INTERVAL_S = 0.02


class RunningCompanion:
    """One companion while it runs."""

    def __init__(
        self, companion: Companion, port: int, child: Child, log: Path, env: Mapping[str, str]
    ) -> None:
        self.companion, self.port = companion, port
        self._child, self._log, self._env = child, log, env

    @property
    def alive(self) -> bool:
        """True while its command runs."""
        return self._child.status is None

    @property
    def suspended(self) -> bool:
        """True if one of its processes is stopped by a signal, and answers nothing."""
        return self._child.suspended

    @property
    def failure(self) -> TargetFailed | None:
        """Why it ended, with its last log lines; None while it runs."""
        if self.alive:
            return None
        message = f"companion {self.companion.name} ended with status {self._child.status}"
        log_tail = read_tail(self._log)
        return TargetFailed(message + hint_on_withheld(log_tail, self._env), log_tail)

    async def wait_until_ready(
        self, start_timeout_s: float | None, on_wait: Callable[[str], None]
    ) -> None:
        """Wait until its port answers, if it has one. Raises TargetFailed.

        `start_timeout_s` is for a companion without its own. `on_wait` is called each second of a
        long start with how long it has taken.
        """
        if not self.companion.has_port:
            return
        deadline = StartDeadline(
            self._child.guard_pid,
            self.companion.start_timeout_s or start_timeout_s,
            lambda message: on_wait(f"companion {self.companion.name} {message}"),
        )
        while not await _accepts(self.port):
            if self.failure is not None:
                raise self.failure
            if deadline.passed():
                raise TargetFailed(self._no_answer_within(deadline), read_tail(self._log))
            await asyncio.sleep(_POLL_INTERVAL_S)

    def _no_answer_within(self, deadline: StartDeadline) -> str:
        expected = f"expected its port to answer within {deadline.timeout_s:g} s, it did not"
        hint = "start_timeout_s in lab.toml sets the time."
        return f"companion {self.companion.name}: {expected}. {hint}"

    async def stop(self) -> None:
        """End it and everything below it."""
        await self._child.stop()


class Companions:
    """The companions of one project. To be used in one event loop.

    They run on the targets' cores: their work is part of what is measured, and must not disturb
    the load generator.
    """

    def __init__(self, *, mark: str, log_directory: Path, cores: tuple[int, ...]) -> None:
        self._mark = mark
        self._log_directory = log_directory
        self._cores = cores
        self._running: list[RunningCompanion] = []
        self._needed: set[str] = set()  # names of those that the latest scenario needs
        self._started_s = 0.0  # of the first one, by `time.time`
        self.env: Mapping[str, str] = {}  # added to the environment of every target

    @property
    def failure(self) -> TargetFailed | None:
        """Why a needed companion has ended; None while all of them run."""
        needed = (running for running in self._running if running.companion.name in self._needed)
        return next((running.failure for running in needed if not running.alive), None)

    async def ready(
        self,
        project: Project,
        scenario: str | None,
        on_event: Callable[[TargetState, str], None],
        scan: Scan,
    ) -> None:
        """Start those that a scenario needs; start all anew if one has ended or code changed.

        Those that run already are kept, needed or not: an idle process disturbs little, and
        starting it again takes long. Ports are new with each start, so `env` changes when a
        companion with a port is started. Raises TargetFailed.
        """
        needed = [
            companion for companion in project.companions.values() if companion.needed_by(scenario)
        ]
        self._needed = {companion.name for companion in needed}
        restart_reason = await self._restart_reason(project, scan)
        if restart_reason is not None:
            await self.stop()
            self.env = {}
        running = {process.companion.name for process in self._running if process.alive}
        missing = [companion for companion in needed if companion.name not in running]
        if missing:
            names = ", ".join(companion.name for companion in missing)
            on_event("starting", f"{restart_reason or 'starting companions:'} {names}")
            await self._start(project, missing, partial(on_event, "starting"))

    async def _restart_reason(self, project: Project, scan: Scan) -> str | None:
        if not self._running:
            return None
        if any(
            project.companions.get(process.companion.name) != process.companion
            for process in self._running
        ):
            return "starting companions:"
        if self.failure is not None:
            return f"{self.failure}, starting companions:"
        suspended = await asyncio.to_thread(self._suspended)
        if suspended is not None:
            return f"companion {suspended} was suspended, starting companions:"
        changed = scan.changed_since(self._started_s)
        return None if changed is None else f"{changed.name} changed, restarting companions:"

    def _suspended(self) -> str | None:
        names = (running.companion.name for running in self._running if running.suspended)
        return next(names, None)

    async def _start(
        self, project: Project, missing: Sequence[Companion], on_wait: Callable[[str], None]
    ) -> None:
        if not self._running:
            self._started_s = time.time()
        ports = {companion.name: free_port() for companion in missing}
        for companion in missing:
            self.env = {**self.env, **companion.env_on(ports[companion.name])}
        try:
            for companion in missing:
                self._running.append(await self._launch(project, companion, ports[companion.name]))
            await asyncio.gather(
                *(
                    process.wait_until_ready(project.start_timeout_s, on_wait)
                    for process in self._running
                    if process.alive
                )
            )
        except BaseException:
            await self.stop()
            raise

    async def _launch(self, project: Project, companion: Companion, port: int) -> RunningCompanion:
        log = self._log_directory / f"companion-{companion.name}.log"
        env = project_environment(project, self.env)
        try:
            with open_log(log) as output:
                child = await launch(
                    companion.command_on(port, project.python),
                    env={**env, "LIVEBURST_MARK": self._mark},
                    cores=self._cores,
                    cwd=project.directory,
                    stdout=output,
                    stderr=output,
                )
        except OSError as error:
            message = f"companion {companion.name}: expected to start in {project.directory}"
            raise TargetFailed(f"{message}: {exhausted_by(error) or error}") from error
        return RunningCompanion(companion, port, child, log, env)

    async def stop(self) -> None:
        """End all of them at once."""
        running, self._running = self._running, []
        await asyncio.gather(*(process.stop() for process in running))


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
