"""One target: a project under one server, from its start to its end. Never an orphan."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dashboard.wire.errors import TargetFailed

from .health import Health
from .launcher import Child, launch
from .listening import listening_socket, restore_backlog
from .project import Project
from .readiness import until_ready
from .servers import Server

START_TIMEOUT_S = 20.0
HELLO_TIMEOUT_S = 2.0
_PROBE_DIRECTORY = Path(__file__).with_name("probe")
_LOG_TAIL_LINES = 30
_LOG_TAIL_BYTES = 16384

# What belongs to the dashboard, or would change a server behind the table's back.
_NOT_HANDED_ON = ("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")
_NOT_HANDED_ON_PREFIXES = ("LIVEBURST_", "UVICORN_")


class Target:
    """A project under a server on a loopback port, ready to be fired at.

    `facts` say how it was started and what was found: command, concurrency, processes,
    threads, cores, backlog (None: not known) and versions.
    """

    def __init__(
        self, server: Server, address: tuple[str, int], child: Child, health: Health, log: Path
    ) -> None:
        self.server = server
        self.host, self.port = address
        self.facts: dict[str, Any] = {}
        self.started_s = time.time()
        self._child = child
        self._health = health
        self._log = log

    @property
    def alive(self) -> bool:
        """Whether its server still runs."""
        return self._child.status is None

    @property
    def processes(self) -> list[int]:
        """Process ids of those of its processes that have spoken with us."""
        return list(self._health.probes)

    def log_tail(self) -> str:
        """The last lines that the server wrote."""
        return read_tail(self._log)

    async def begin(self, firing: int) -> bool:
        """A firing begins: peaks start anew and health is reported. Bounded to a second.

        Returns whether every process answered.
        """
        return await self._health.begin(firing, self._child.guard_pid)

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """The rows of health since the last call, keys as in COLUMNS["health"]."""
        return self._health.take_rows(origin_ns)

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


async def start_target(
    project: Project, server: Server, *, mark: str, log_directory: Path, cores: tuple[int, ...]
) -> Target:
    """Start a project under a server and wait until it answers. Raises TargetFailed."""
    application = project.application(server)
    if application is None:
        expected = f"expected {project.path.name} to name project.{server.interface}"
        raise TargetFailed(f"{server.name}: {expected}")
    env = {
        **environment(project.env),
        "LIVEBURST_MARK": mark,
        "LIVEBURST_APP": application,
        "LIVEBURST_SERVER": server.package,
    }
    health = await Health.open()
    child: Child | None = None
    try:
        with listening_socket() as listener:  # our copy is closed as soon as the server has its own
            command = server.command(project.python, listener.fileno())
            log = log_directory / f"{server.name}.log"
            child = await _launch(
                command,
                env={**env, **health.environment},
                cores=cores,
                directory=project.directory,
                log=log,
                listener=listener,
            )
            target = Target(server, listener.getsockname(), child, health, log)
            await _until_ready(target, child)
            target.facts = _facts(server, command, cores, restore_backlog(listener))
        hello = await health.hello(HELLO_TIMEOUT_S)
        target.facts["versions"] = hello.versions if hello else {}
    except BaseException:
        health.close()
        if child is not None:
            child.kill()  # its lifeline is cut, so it ends even if we are not given time to wait
            await child.wait()
        raise
    return target


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """The environment of a target: ours, without what is ours alone, then the project's own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_HANDED_ON and not name.startswith(_NOT_HANDED_ON_PREFIXES)
    }
    env = {**inherited, **own}
    path = [str(_PROBE_DIRECTORY), *filter(None, [env.get("PYTHONPATH")])]
    return {**env, "PYTHONPATH": os.pathsep.join(path)}


async def _launch(
    command: list[str],
    *,
    env: Mapping[str, str],
    cores: tuple[int, ...],
    directory: Path,
    log: Path,
    listener: socket.socket,
) -> Child:
    try:
        with log.open("wb") as output:
            return await launch(
                command,
                env=env,
                cores=cores,
                cwd=directory,
                stdout=output,
                stderr=output,
                pass_fds=[listener.fileno()],
            )
    except OSError as error:  # the directory has gone, or the log cannot be written
        raise TargetFailed(f"expected to start {command[2]} in {directory}: {error}") from error


async def _until_ready(target: Target, child: Child) -> None:
    """Wait for an answer, for the end of the child, or for the timeout; whichever is first.

    Raises TargetFailed where there is no answer.
    """
    ready = asyncio.create_task(until_ready(target.host, target.port))
    ended = asyncio.create_task(child.wait())
    try:
        await asyncio.wait(
            {ready, ended}, timeout=START_TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not ready.done():
            raise TargetFailed(_why_not(target, child), target.log_tail())
    finally:
        for task in (ready, ended):
            task.cancel()
        await asyncio.gather(ready, ended, return_exceptions=True)


def _why_not(target: Target, child: Child) -> str:
    if child.status is not None:
        return f"{target.server.name} ended with status {child.status} before it answered"
    return f"{target.server.name}: expected an answer within {START_TIMEOUT_S:g} s, found none"


def _facts(
    server: Server, command: list[str], cores: tuple[int, ...], backlog: int | None
) -> dict[str, Any]:
    return {
        "command": command,
        "concurrency": server.concurrency,
        "processes": server.processes,
        "threads": server.threads,
        "cores": list(cores),
        "backlog": backlog,
    }


def read_tail(log: Path) -> str:
    """The last lines of a log file; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_TAIL_LINES:])
