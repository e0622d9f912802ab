"""One way to serve a project: how it is started, and how its concurrency is bounded."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dashboard.wire.plural import counted

from .scenario import Family, Interface, Variant

START_SCRIPT = "liveburst_start.py"

# What bounds a server's concurrency: a pool of threads in each process, a thread for each
# connection, a greenlet for each connection, or one event loop without a bound.
Model = Literal["pool", "threads", "greenlets", "loop", "unknown"]
Installed = Mapping[str, str]  # package -> version, in the project's environment
Arguments = Callable[["Server", "Launch"], list[str]]


@dataclass(frozen=True)
class Launch:
    """What a command line depends on: the socket to serve, and the installed packages.

    `scripts` is the directory of the start scripts. If `appended`, some packages are in a
    directory of ours, which the start script appends to the import path.
    """

    python: str
    listener: socket.socket
    installed: Installed
    scripts: Path
    appended: bool = False


@dataclass(frozen=True)
class ImplicitSettings:
    """Settings that a server reads without an option.

    `files` are names in its working directory, `variables` prefixes of environment variables.
    """

    files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """One way to serve a project, with the settings that are in force.

    packages: must be installed; `minimum_version` is for the first. `extra_packages` are imported
        too, but not installed along with those.
    module: what `python -m` starts, the first package if empty; with `starter`, a word of the start
        script, for servers without a command line that takes a socket.
    arguments: makes the rest of the command line.
    threads: the size of each process's pool; None if there is none.
    processes_settable, threads_settable: whether their numbers can be chosen.
    keep_alive_s: how long an idle connection is kept open; None if it cannot be chosen.
    loop: the kind of event loop, one of `loops`; None if it cannot be chosen.
    executor: the threads of its event loops' default executors; None: as many as Python has.
    binds_itself: it makes its own socket, on a port that we hold for it.
    no_async_reason: why async views cannot work under it; empty if they can.
    implicit: settings it would read by itself. They are not used (`ignored_settings.py`), unless
        `config` names a settings file on purpose, relative to the project's directory.
    url: where a target runs already. It is not started, and has no probe.
    ca: the file with the authority of its certificate; None: those of the system.
    without: entries of MIDDLEWARE that are left out, by their paths or the ends of these.
    conn_max_age, pool: what overrides CONN_MAX_AGE, and the size of the pools of DATABASES or
        "off"; None: the project's own.
    custom_settings: chosen settings that processes and threads do not show, in words.
    start_timeout_s: how long it may take to start; None: as long as the project allows.
    """

    name: str
    packages: tuple[str, ...]
    interface: Interface
    arguments: Arguments
    model: Model = "loop"
    module: str = ""
    minimum_version: str = ""
    extra_packages: tuple[str, ...] = ()
    processes: int = 1
    threads: int | None = None
    backlog: int = 2048
    keep_alive_s: int | None = None
    loop: str | None = None
    loops: tuple[str, ...] = ()
    executor: int | None = None
    processes_settable: bool = True
    threads_settable: bool = False
    starter: bool = False
    binds_itself: bool = False
    no_async_reason: str = ""
    implicit: ImplicitSettings = ImplicitSettings()
    config: str | None = None
    url: str | None = None
    ca: str | None = None
    without: tuple[str, ...] = ()
    conn_max_age: int | None = None
    pool: int | str | None = None
    custom_settings: tuple[str, ...] = ()
    start_timeout_s: float | None = None

    @property
    def package(self) -> str:
        """The package of this server; empty if it runs already."""
        return self.packages[0] if self.packages else ""

    @property
    def required(self) -> tuple[str, ...]:
        """All packages that must be installed for it to start."""
        return (*self.packages, *self.extra_packages)

    @property
    def database_settings(self) -> str:
        """What overrides DATABASES, as the probe reads it: `conn_max_age=0,pool=20`."""
        values = {"conn_max_age": self.conn_max_age, "pool": self.pool}
        return ",".join(f"{name}={value}" for name, value in values.items() if value is not None)

    @property
    def application(self) -> str:
        """The import string of the probe, which wraps the project's application."""
        return f"liveburst_probe:{self.interface}"

    @property
    def application_factory(self) -> str:
        """The same as a call, for servers that do not see a module's lazy attributes."""
        return f"liveburst_probe:make_{self.interface}()"

    def command(self, launch: Launch) -> list[str]:
        """Return the command that starts it on the launch's socket, with the probe."""
        arguments = self.arguments(self, launch)
        script = str(launch.scripts / START_SCRIPT)
        if self.starter:
            return [launch.python, script, self.module, *arguments]
        if launch.appended:
            return [launch.python, script, "module", self.module or self.package, *arguments]
        return [launch.python, "-m", self.module or self.package, *arguments]

    def concurrency(self, family: Family) -> str:
        """Return how many requests of a family it can handle at once, in words for the page.

        The chosen settings that these words do not show follow.
        """
        return ", ".join([self._bound(family), *self.custom_settings])

    def _bound(self, family: Family) -> str:
        processes = counted(self.processes, "process", "processes")
        match self.model:
            case "pool":
                return f"{processes} × {counted(self.threads or 0, 'thread')}"
            case "threads":
                return f"{processes}, a thread for each connection"
            case "greenlets":
                return f"{processes}, a greenlet for each connection"
            case "unknown":
                return "runs already, nothing known"
            case "loop" if family == "sync":
                return f"{processes}, a thread for each request"
        return f"{processes}, one event loop" + (" each" if self.processes > 1 else "")

    def capacity(self, variant: Variant) -> int | None:
        """Return how many requests of a variant it handles at once; None if there is no limit.

        A variant's own limit is that of one event loop. Under WSGI each async request has an
        event loop of its own, so only the threads are a limit.
        """
        limit = variant.at_a_time if self.interface == "asgi" else self.threads
        return None if limit is None else limit * self.processes
