"""The start of a target: socket, environment, process, and the wait for an answer."""

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
from .process import Target
from .project import Project
from .readiness import until_ready
from .servers import Server

START_TIMEOUT_S = 20.0
HELLO_TIMEOUT_S = 2.0
_PROBE_DIRECTORY = Path(__file__).with_name("probe")

# What belongs to the dashboard, or would change a server behind the table's back.
_NOT_HANDED_ON = ("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY")
_NOT_HANDED_ON_PREFIXES = ("LIVEBURST_", "UVICORN_")


async def start_target(
    project: Project, server: Server, *, mark: str, log_directory: Path, cores: tuple[int, ...]
) -> Target:
    """Start a project under a server and wait until it answers. Raises TargetFailed."""
    env = {**environment(project.env), **_for_the_probe(project, server, mark)}
    log = log_directory / f"{server.name}.log"
    started_s = time.time()  # before it reads any code: what changes from now on is newer
    health = await Health.open()
    child: Child | None = None
    try:
        with listening_socket() as listener:  # our copy is closed as soon as the server has its own
            command = server.command(project.python, listener.fileno())
            child = await _launch(
                command,
                env={**env, **health.environment},
                cores=cores,
                directory=project.directory,
                log=log,
                listener=listener,
            )
            target = Target(server, listener.getsockname(), child, health, log=log)
            target.started_s = started_s
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


def _for_the_probe(project: Project, server: Server, mark: str) -> dict[str, str]:
    """What says to the probe whom it wraps, and to a test whose process it is."""
    application = project.application(server)
    if application is None:
        expected = f"expected {project.path.name} to name project.{server.interface}"
        raise TargetFailed(f"{server.name}: {expected}")
    return {
        "LIVEBURST_MARK": mark,
        "LIVEBURST_APP": application,
        "LIVEBURST_SERVER": server.package,
    }


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
        "processes": server.processes,
        "threads": server.threads,
        "cores": list(cores),
        "backlog": backlog,
    }
