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
# connection, a greenlet for each connection, or one event loop that takes all that comes.
Model = Literal["pool", "threads", "greenlets", "loop", "unknown"]
Installed = Mapping[str, str]  # package -> version, in the project's environment
Arguments = Callable[["Server", "Launch"], list[str]]


@dataclass(frozen=True)
class Launch:
    """What a command line is made for: the socket to serve, with what is installed.

    `scripts` is the directory of the start scripts. `appended`: some packages come from a
    directory of ours, which the start script puts last.
    """

    python: str
    listener: socket.socket
    installed: Installed
    scripts: Path
    appended: bool = False


@dataclass(frozen=True)
class ImplicitSettings:
    """Settings that a server takes from elsewhere than its command line.

    `files` are those that it reads in its working directory by itself, `variables` are how the
    names of those of the environment begin.
    """

    files: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()


@dataclass(frozen=True)
class Server:
    """One way to serve a project, with the settings that are in force.

    `packages` must be installed; `at_least` is the first one's version that is needed. `needs`
    are further packages that it imports, which installing those does not bring along.
    `module` is what `python -m` starts (the first package where it is empty), or a word of
    the starter's where the server has no command line that takes a socket (`starter`).
    `arguments` makes the rest of the command line.

    `threads` is the size of each process's pool; None where there is none. `several` and
    `pooled` say whether the number of processes and of threads can be chosen. `keep_alive_s`
    (how long an idle connection is kept) and `loop` (the kind of event loop) are None where
    the server does not let us choose; `loops` are the kinds there are.
    `reserves`: it makes its socket itself, on a port that we hold for it.
    `no_async_reason` says why async views cannot work under it, where they cannot.
    What it `reads` by itself is not used (`own_settings.py`), unless `config` names a settings
    file on purpose, relative to the project's directory.
    `url` is where a target runs already, which is then not started, and has no probe.
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
    processes_settable: bool = True
    threads_settable: bool = False
    starter: bool = False
    binds_itself: bool = False
    no_async_reason: str = ""
    implicit: ImplicitSettings = ImplicitSettings()
    config: str | None = None
    url: str | None = None
    custom_settings: tuple[str, ...] = ()

    @property
    def package(self) -> str:
        """What is installed to have this server."""
        return self.packages[0] if self.packages else ""

    @property
    def required(self) -> tuple[str, ...]:
        """Everything that must be installed for it to start."""
        return (*self.packages, *self.extra_packages)

    @property
    def application(self) -> str:
        """The probe's application, which wraps the project's own."""
        return f"liveburst_probe:{self.interface}"

    @property
    def application_factory(self) -> str:
        """The same, for servers that see only what a module holds before anybody asks it."""
        return f"liveburst_probe:make_{self.interface}()"

    def command(self, launch: Launch) -> list[str]:
        """Return what starts it on the launch's socket, with the probe around the project."""
        arguments = self.arguments(self, launch)
        script = str(launch.scripts / START_SCRIPT)
        if self.starter:
            return [launch.python, script, self.module, *arguments]
        if launch.appended:
            return [launch.python, script, "module", self.module or self.package, *arguments]
        return [launch.python, "-m", self.module or self.package, *arguments]

    def concurrency(self, family: Family) -> str:
        """How many requests of a family it can work on at once, in words for the page.

        Settings that somebody chose and that the words would not show follow them.
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
        """How many requests of a variant it promises to work on at once; None: as many as come.

        A variant's own limit holds for an event loop. Under WSGI each async request is given
        a loop of its own, so there the threads alone are the limit.
        """
        limit = variant.at_a_time if self.interface == "asgi" else self.threads
        return None if limit is None else limit * self.processes
