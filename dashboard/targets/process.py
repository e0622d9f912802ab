"""One target while it lives: a project under one server, ready to be fired at."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from .health import Health
from .launcher import Child
from .servers import Server

_LOG_TAIL_LINES = 30
_LOG_TAIL_BYTES = 16384


class Target:
    """A project under a server on a loopback port, ready to be fired at.

    `facts` say how it was started and what was found: command, processes,
    threads, cores, backlog (None: not known) and versions.
    """

    def __init__(
        self, server: Server, address: tuple[str, int], child: Child, health: Health, *, log: Path
    ) -> None:
        self.server = server
        self.host, self.port = address
        self.facts: dict[str, Any] = {}
        self.started_s = time.time()  # to be compared with the times of files
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


def read_tail(log: Path) -> str:
    """The last lines of a log file; empty where there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-_LOG_TAIL_LINES:])
