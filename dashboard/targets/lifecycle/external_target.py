"""A target that runs already: fired at, and otherwise left alone."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

from dashboard.project.model.server import Server
from dashboard.wire.errors import TargetFailed

from .target import Target

ANSWER_TIMEOUT_S = 5.0


class ExternalTarget(Target):
    """A server that somebody else started. Has no probe, so nothing is known of its inside.

    It can do what any target can: where nothing can be known, the answer is that of silence.
    """

    alive = True
    failure = None
    executor = None
    answers = ()
    log_line = ""
    worker_turnover = None
    processes: list[int] = []  # noqa: RUF012 - nobody adds to it

    def __init__(self, server: Server) -> None:  # nothing of a child's is set up
        url = urlsplit(server.url or "")
        self.server = server
        self.host = url.hostname or ""
        self.tls = url.scheme == "https"
        self.port = url.port or (443 if self.tls else 80)
        self.started_s = time.time()
        self.facts: dict[str, Any] = {
            "url": server.url,
            "probe": False,
            "command": [],
            "processes": None,
            "threads": None,
            "cores": [],
            "backlog": None,
            "versions": {},
        }

    async def check(self) -> None:
        """Whether anybody is there at all. Raises TargetFailed."""
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                _, writer = await asyncio.open_connection(self.host, self.port)
        except OSError as error:  # TimeoutError among them
            where = f"expected somebody to answer at {self.server.url}"
            raise TargetFailed(f"{self.server.name}: {where}, found: {error}") from error
        writer.close()

    def log_tail(self) -> str:
        """It writes elsewhere."""
        return ""

    async def begin(self, firing: int) -> bool:
        """A firing begins: there is nobody to tell."""
        return True

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """No row of health ever."""
        return []

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """The firing is over; whether anything runs on in the server cannot be known."""
        return True

    async def stop(self) -> None:
        """It is not ours to stop."""
