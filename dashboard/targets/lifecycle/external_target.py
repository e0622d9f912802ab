"""A target that runs already: fired at, but neither started nor stopped."""

from __future__ import annotations

import asyncio
import ssl
import time
from urllib.parse import urlsplit

from dashboard.project.model.server import Server
from dashboard.wire.errors import TargetFailed
from dashboard.wire.tls import client_context

from .target import Target
from .target_facts import external_facts

ANSWER_TIMEOUT_S = 5.0


class ExternalTarget(Target):
    """A server that was started elsewhere. It has no probe, so its inside is unknown.

    It has the interface of every target: what cannot be known is empty or None.
    """

    alive = True
    failure = None
    executor = None
    connections = ()
    established = 0
    application_name: str | None = None
    answers = ()
    log_line = ""
    worker_turnover = None
    processes: list[int] = []  # noqa: RUF012 - never added to

    def __init__(self, server: Server) -> None:
        # Without super().__init__(): there is no child process, health or log.
        url = urlsplit(server.url or "")
        self.server = server
        self.host = url.hostname or ""
        self.tls = url.scheme == "https"
        self.ca = server.ca
        self.port = url.port or (443 if self.tls else 80)
        self.started_s = time.time()
        self.facts = external_facts(server)

    async def check(self) -> None:
        """Connect once. Raises TargetFailed if it is refused, not trusted, or takes too long."""
        try:
            tls = client_context(self.host, self.ca) if self.tls else None
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                _, writer = await asyncio.open_connection(self.host, self.port, ssl=tls)
        except ssl.SSLCertVerificationError as error:
            expected = f"expected a valid certificate at {self.server.url}"
            hint = "project.ca names the file of an authority of your own"
            message = f"{self.server.name}: {expected}, found: {error.verify_message}; {hint}"
            raise TargetFailed(message) from error
        except OSError as error:  # TimeoutError among them
            expected = f"expected a server to answer at {self.server.url}"
            raise TargetFailed(f"{self.server.name}: {expected}, found: {error}") from error
        writer.close()

    def log_tail(self) -> str:
        """Return nothing: its log is elsewhere."""
        return ""

    async def begin(self, firing: int) -> bool:
        """Return True: there is no probe to wait for."""
        return True

    def take_rows(self, origin_ns: int) -> list[dict[str, int]]:
        """Return no rows."""
        return []

    async def end(self, firing: int, *, quiet_timeout_s: float) -> bool:
        """Return True: whether requests are still in the application cannot be known."""
        return True

    async def stop(self) -> None:
        """Leave it running."""
