"""The start of a target: socket, environment, process, and the wait for its first answer."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from dashboard.descriptors import exhausted_by
from dashboard.project.model.server import Launch, Server
from dashboard.project.model.service import SETTINGS
from dashboard.project.project import Project
from dashboard.project.secrets.variables_read import names_mentioned
from dashboard.targets.injected import STARTER
from dashboard.targets.observe.health import Health
from dashboard.targets.observe.listeners import backlog_of
from dashboard.targets.preparation.server_packages import ServerPackages
from dashboard.targets.supervise.environment import (
    hint_on_withheld,
    project_environment,
    with_probe,
    withheld_variables,
)
from dashboard.targets.supervise.launcher import Child, launch
from dashboard.targets.supervise.log_files import open_log, read_tail
from dashboard.targets.supervise.readiness import wait_until_ready
from dashboard.targets.supervise.start_deadline import StartDeadline
from dashboard.wire.errors import TargetFailed
from dashboard.wire.report.target_facts import TargetFacts

from .sockets import listening_socket, reserved_socket, restore_backlog
from .target import Target
from .target_facts import started_facts

HELLO_TIMEOUT_S = 2.0
APPLICATION_NAME = "PGAPPNAME"  # read by libpq; the project's own settings take precedence
OWN_NAME = "liveburst-"


def _no_failure() -> None:
    return None


def _ignore_wait(message: str) -> None:
    """Show nothing while a target starts."""


@dataclass(frozen=True)
class StartContext:
    """What a pool adds to the start of a target.

    `companion_env` is what the companions add to the environment; `companion_failure` returns
    why one of them has ended, None while all run. `facts` are added to the target's. `on_wait` is
    called each second of a long start with how long it has taken.
    """

    mark: str
    log_directory: Path
    cores: tuple[int, ...]
    companion_env: Mapping[str, str]
    companion_failure: Callable[[], TargetFailed | None] = _no_failure
    facts: TargetFacts = field(default_factory=TargetFacts)
    on_wait: Callable[[str], None] = _ignore_wait


async def start_target(
    project: Project, server: Server, packages: ServerPackages, context: StartContext, *, name: str
) -> Target:
    """Start a project under a server and wait until it answers. Raises TargetFailed.

    `name` is the server as the lane names it, and names the log.
    """
    env = _environment(project, server, packages, context)
    log = context.log_directory / (re.sub(r"[^A-Za-z0-9_=-]", "_", name) + ".log")
    start = _Start(project, server, packages, context, env, log)
    started_s = time.time()  # before it reads any code: files that change from now on are newer
    async with AsyncExitStack() as undo:
        health = await Health.open()
        undo.callback(health.close)
        with _socket_for(server) as listener:  # ours is closed once the server has its own
            command = start.command(listener)
            child = await start.launch(command, listener, health)
            undo.push_async_callback(_kill, child)
            await start.until_answered(child, listener, health)
            address, backlog = listener.getsockname(), _backlog(server, listener)
        facts = await start.facts(command, backlog, health)
        target = Target(
            *(server, address, child, health),
            log=log,
            started_s=started_s,
            facts=facts | context.facts,
            companion_env=context.companion_env,
            companion_failure=context.companion_failure,
            application_name=_application_name(env),
        )
        undo.pop_all()
    return target


@dataclass(frozen=True)
class _Start:
    """What is started, in which environment, and where it logs."""

    project: Project
    server: Server
    packages: ServerPackages
    context: StartContext
    env: Mapping[str, str]
    log: Path

    def command(self, listener: socket.socket) -> list[str]:
        """Return the command line of the server."""
        packages = self.packages
        appended = packages.appended is not None
        return self.server.command(
            Launch(self.project.python, listener, packages.versions, STARTER, appended)
        )

    async def launch(self, command: list[str], listener: socket.socket, health: Health) -> Child:
        """Start the process of the server. Raises TargetFailed."""
        try:
            with open_log(self.log) as output:
                return await launch(
                    command,
                    env={**self.env, **health.environment},
                    cores=self.context.cores,
                    cwd=self.project.directory,
                    stdout=output,
                    stderr=output,
                    pass_fds=[listener.fileno()],
                )
        except OSError as error:  # the directory no longer exists, or the log cannot be written
            why = exhausted_by(error) or error
            message = f"expected to start {command[2]} in {self.project.directory}: {why}"
            raise TargetFailed(message) from error

    async def until_answered(self, child: Child, listener: socket.socket, health: Health) -> None:
        """Wait for the first answer. Raises TargetFailed if there is none in time."""
        timeout_s = self.server.start_timeout_s or self.project.start_timeout_s
        deadline = StartDeadline(child.guard_pid, timeout_s, self.context.on_wait)
        reached = partial(bool, health.probes)
        with _hint_on_withheld(self.env):
            await _wait_for_answer(
                self.server, listener, child, self.log, deadline=deadline, reached=reached
            )

    async def facts(self, command: list[str], backlog: int | None, health: Health) -> TargetFacts:
        """Return how the server was started, and what its probe reported of itself."""
        probe = await health.first_probe(HELLO_TIMEOUT_S)
        return started_facts(
            *(self.project, self.server, self.packages),
            command=command,
            cores=self.context.cores,
            backlog=backlog,
            probe=probe,
            withheld=names_mentioned(
                self.project.directory,
                withheld_variables(self.env),
                self.env.get(SETTINGS, ""),
            ),
        )


@contextmanager
def _hint_on_withheld(env: Mapping[str, str]) -> Iterator[None]:
    """Add to a failure which variables that the log names were not passed on."""
    try:
        yield
    except TargetFailed as error:
        hint = hint_on_withheld(error.log_tail, env)
        raise TargetFailed(f"{error}{hint}", error.log_tail) from None


async def _kill(child: Child) -> None:
    child.kill()  # closes its lifeline, so it ends even if the wait is cancelled
    await child.wait()


def _socket_for(server: Server) -> socket.socket:
    return reserved_socket() if server.binds_itself else listening_socket()


def _backlog(server: Server, listener: socket.socket) -> int | None:
    """Return how many connections may wait to be accepted, now that the server listens."""
    if server.binds_itself:
        return backlog_of(listener.getsockname()[1])
    return restore_backlog(listener, server.backlog)


def _environment(
    project: Project, server: Server, packages: ServerPackages, context: StartContext
) -> dict[str, str]:
    """Return the environment of the server: the project's, and what the probe reads in it."""
    application = project.application(server)
    if application is None:
        expected = f"expected {project.path.name} to name project.{server.interface}"
        raise TargetFailed(f"{server.name}: {expected}")
    env = {
        APPLICATION_NAME: OWN_NAME + secrets.token_hex(6),
        **with_probe(project_environment(project, context.companion_env)),
        "LIVEBURST_MARK": context.mark,
        "LIVEBURST_APP": application,
        "LIVEBURST_DIRECTORY": str(project.directory),
        "LIVEBURST_SERVER": ",".join(server.packages),
        "LIVEBURST_WITHOUT": ",".join(server.without),
        "LIVEBURST_DATABASES": server.database_settings,
    }
    if server.executor is not None:
        env["LIVEBURST_EXECUTOR"] = str(server.executor)
    if packages.appended is not None:
        env["LIVEBURST_APPENDED"] = str(packages.appended)
    return env


def _application_name(env: Mapping[str, str]) -> str | None:
    """Return the name of a target's connections to PostgreSQL; None if it is the project's."""
    name = env[APPLICATION_NAME]
    return name if name.startswith(OWN_NAME) else None


async def _wait_for_answer(
    server: Server,
    listener: socket.socket,
    child: Child,
    log: Path,
    *,
    deadline: StartDeadline,
    reached: Callable[[], bool],
) -> None:
    """Wait for an answer, the end of the child or the deadline, whichever comes first.

    Raises TargetFailed if there is no answer.
    """
    host, port = listener.getsockname()
    ready = asyncio.create_task(wait_until_ready(host, port, reached))
    ended = asyncio.create_task(child.wait())
    try:
        while not (ready.done() or ended.done() or deadline.passed()):
            await asyncio.wait(
                {ready, ended},
                timeout=deadline.poll_interval_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        if not ready.done():
            raise TargetFailed(_why_not_ready(server, child, deadline), read_tail(log))
    finally:
        for task in (ready, ended):
            task.cancel()
        await asyncio.gather(ready, ended, return_exceptions=True)


def _why_not_ready(server: Server, child: Child, deadline: StartDeadline) -> str:
    if child.status is not None:
        return f"{server.name} ended with status {child.status} before it answered"
    expected = f"expected an answer within {deadline.timeout_s:g} s, found none"
    return f"{server.name}: {expected}. start_timeout_s in lab.toml sets the time."
