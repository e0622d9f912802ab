"""The table of servers: one entry each says how to start it and how its concurrency is bounded.

A new server is a new entry here, and is tested by the tests that run over this table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, Self

from .scenario import Family, Variant

Interface = Literal["wsgi", "asgi"]


@dataclass(frozen=True)
class Server:
    """One way to serve a project.

    `threads` is the size of each process's pool; None where an event loop takes all that
    comes. `several` says whether the server can run more than one process by itself, `pooled`
    whether the size of its pool of threads can be chosen.
    `package` is what must be installed, and the module that `python -m` starts.
    """

    name: str
    package: str
    interface: Interface
    arguments: Callable[[Server, int], list[str]]
    threads: int | None = None
    processes: int = 1
    several: bool = True
    pooled: bool = False

    def with_processes(self, processes: int) -> Self:
        """The same server with another number of processes. Raises ValueError if it cannot."""
        if processes > 1 and not self.several:
            raise ValueError(f"{self.name}: expected 1 process, it can run no more")
        return replace(self, processes=processes)

    def command(self, python: str, fd: int) -> list[str]:
        """What starts it on the listening socket `fd`, with the probe around the project."""
        return [python, "-m", self.package, *self.arguments(self, fd)]

    @property
    def application(self) -> str:
        """The probe's application, which wraps the project's own."""
        return f"liveburst_probe:{self.interface}"

    def concurrency(self, family: Family) -> str:
        """How many requests of a family it can work on at once, in words for the page."""
        processes = f"{self.processes} process" + ("es" if self.processes > 1 else "")
        if self.threads is not None:
            return f"{processes} × {self.threads} thread" + ("s" if self.threads > 1 else "")
        if family == "sync":
            return f"{processes}, a thread for each request"
        return f"{processes}, one event loop" + (" each" if self.processes > 1 else "")

    def capacity(self, variant: Variant) -> int | None:
        """How many requests of a variant it promises to work on at once; None: as many as come.

        A variant's own limit holds for an event loop. Under WSGI each async request is given
        a loop of its own, so there the threads alone are the limit.
        """
        limit = self.threads if self.interface == "wsgi" else variant.at_a_time
        return None if limit is None else limit * self.processes


def _gunicorn(kind: str) -> Callable[[Server, int], list[str]]:
    def arguments(server: Server, fd: int) -> list[str]:
        # Without --no-control-socket several gunicorns would fight for one socket file; the
        # timeout stands above the longest request that a plan may ask for.
        return [
            *("--bind", f"fd://{fd}", "--worker-class", kind, "--workers", str(server.processes)),
            *("--threads", str(server.threads), "--backlog", "2048", "--timeout", "600"),
            *("--no-control-socket", "--log-level", "warning", server.application),
        ]

    return arguments


def _daphne(server: Server, fd: int) -> list[str]:
    # Verbosity 0 writes no access log: a line a request would be measured with it.
    return ["--fd", str(fd), "--verbosity", "0", server.application]


def _uvicorn(server: Server, fd: int) -> list[str]:
    # `--loop auto --http auto` is what a user gets: uvloop and httptools where installed.
    return [
        *("--fd", str(fd), "--workers", str(server.processes), "--backlog", "2048"),
        *("--loop", "auto", "--http", "auto", "--timeout-graceful-shutdown", "1"),
        *("--no-access-log", "--log-level", "warning", server.application),
    ]


_ENTRIES: Final = (
    Server("gunicorn-sync", "gunicorn", "wsgi", _gunicorn("sync"), threads=1),
    Server("gunicorn-gthread", "gunicorn", "wsgi", _gunicorn("gthread"), threads=8, pooled=True),
    Server("daphne", "daphne", "asgi", _daphne, several=False),
    Server("uvicorn", "uvicorn", "asgi", _uvicorn),
)

SERVERS: Final[Mapping[str, Server]] = {server.name: server for server in _ENTRIES}
