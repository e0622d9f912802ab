"""The start of a target: socket, environment, process, and the wait for an answer."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dashboard.project.model.server import Launch, Server
from dashboard.project.project import Project
from dashboard.targets.injected import STARTER
from dashboard.targets.observe.health import Health, ProbedProcess
from dashboard.targets.observe.listeners import backlog_of
from dashboard.targets.supervise.environment import project_environment, with_probe
from dashboard.targets.supervise.launcher import Child, launch
from dashboard.targets.supervise.log_files import read_tail
from dashboard.targets.supervise.readiness import wait_until_ready
from dashboard.targets.supervise.start_deadline import StartDeadline
from dashboard.wire.errors import TargetFailed

from .ignored_settings import ignored
from .server_packages import ServerPackages
from .sockets import listening_socket, reserved_socket, restore_backlog
from .target import Target

START_TIMEOUT_S = 20.0
HELLO_TIMEOUT_S = 2.0


def _none_failed() -> None:
    return None


@dataclass(frozen=True)
class StartContext:
    """What a target is started beside: its mark, its cores, its companions.

    `env` is what the companions bring, `failure` says whether one of them has ended.
    """

    mark: str
    log_directory: Path
    cores: tuple[int, ...]
    env: Mapping[str, str]
    failure: Callable[[], TargetFailed | None] = _none_failed


async def start_target(
    project: Project, server: Server, packages: ServerPackages, beside: StartContext, *, name: str
) -> Target:
    """Start a project under a server and wait until it answers. Raises TargetFailed.

    `name` is the lane's text for the server, and names the log.
    """
    env = with_probe(project_environment(project.env, beside.env))
    env |= _for_the_probe(project, server, packages, beside.mark)
    log = beside.log_directory / (re.sub(r"[^A-Za-z0-9_=-]", "_", name) + ".log")
    started_s = time.time()  # before it reads any code: what changes from now on is newer
    health = await Health.open()
    child: Child | None = None
    try:
        with _socket_for(server) as listener:  # ours is closed as soon as the server has its own
            appended = bool(packages.appended)
            command = server.command(
                Launch(project.python, listener, packages.versions, STARTER, appended)
            )
            child = await _launch(
                command,
                env={**env, **health.environment},
                cores=beside.cores,
                directory=project.directory,
                log=log,
                listener=listener,
            )
            address = listener.getsockname()
            reached = partial(bool, health.probes)
            await _until_ready(server, address, child, log, reached)
            backlog = _backlog(server, listener)
        target = Target(
            *(server, address, child, health),
            log=log,
            env=beside.env,
            companion_failure=beside.failure,
        )
        target.started_s = started_s
        target.facts = _facts(server, command, beside.cores, backlog, packages)
        target.facts["ignored"] = ignored(server, project.directory)
        target.facts |= _told(server, packages, await health.first_probe(HELLO_TIMEOUT_S))
        target.facts["application"] = project.application(server)
    except BaseException:
        health.close()
        if child is not None:
            child.kill()  # its lifeline is cut, so it ends even if we are not given time to wait
            await child.wait()
        raise
    return target


def _socket_for(server: Server) -> socket.socket:
    return reserved_socket() if server.binds_itself else listening_socket()


def _backlog(server: Server, listener: socket.socket) -> int | None:
    """How many connections may stand in line, now that the server listens."""
    if server.binds_itself:
        return backlog_of(listener.getsockname()[1])
    return restore_backlog(listener, server.backlog)


def _for_the_probe(
    project: Project, server: Server, packages: ServerPackages, mark: str
) -> dict[str, str]:
    """What says to the probe whom it wraps, and to a test whose process it is."""
    application = project.application(server)
    if application is None:
        expected = f"expected {project.path.name} to name project.{server.interface}"
        raise TargetFailed(f"{server.name}: {expected}")
    env = {
        "LIVEBURST_MARK": mark,
        "LIVEBURST_APP": application,
        "LIVEBURST_DIRECTORY": str(project.directory),
        "LIVEBURST_SERVER": ",".join(server.packages),
    }
    if packages.appended is not None:
        env["LIVEBURST_APPENDED"] = str(packages.appended)
    return env


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


async def _until_ready(
    server: Server,
    address: tuple[str, int],
    child: Child,
    log: Path,
    reached: Callable[[], bool],
) -> None:
    """Wait for an answer, for the end of the child, or for the deadline; whichever is first.

    Raises TargetFailed where there is no answer.
    """
    ready = asyncio.create_task(wait_until_ready(*address, reached))
    ended = asyncio.create_task(child.wait())
    deadline = StartDeadline(child.guard_pid, START_TIMEOUT_S)
    try:
        while not (ready.done() or ended.done() or deadline.passed()):
            await asyncio.wait(
                {ready, ended},
                timeout=deadline.poll_interval_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        if not ready.done():
            raise TargetFailed(_why_not(server, child), read_tail(log))
    finally:
        for task in (ready, ended):
            task.cancel()
        await asyncio.gather(ready, ended, return_exceptions=True)


def _why_not(server: Server, child: Child) -> str:
    if child.status is not None:
        return f"{server.name} ended with status {child.status} before it answered"
    return f"{server.name}: expected an answer within {START_TIMEOUT_S:g} s, found none"


def _facts(
    server: Server,
    command: list[str],
    cores: tuple[int, ...],
    backlog: int | None,
    packages: ServerPackages,
) -> dict[str, Any]:
    return {
        "command": command,
        "processes": server.processes,
        "threads": server.threads,
        "keep_alive_s": server.keep_alive_s,
        "loop": server.loop,
        "config": server.config,
        "cores": list(cores),
        "backlog": backlog,
        "probe": True,
        "packages": {
            name: {"version": version, "from": packages.origins[name]}
            for name, version in packages.versions.items()
        },
    }


def _told(server: Server, packages: ServerPackages, hello: ProbedProcess | None) -> dict[str, Any]:
    """What the probe says of itself; None where it said nothing in time."""
    return {
        "versions": {**packages.versions, **(hello.versions if hello else {})},
        "django": hello.django if hello else None,
        "interface": server.interface,
    }
