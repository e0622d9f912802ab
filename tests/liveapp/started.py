"""The external API as a process of a test's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from dashboard.targets.lifecycle.sockets import free_port
from tests.targets.helpers import ROOT, until

from .http import Client


class Upstream:
    """The external API on a port that stays the same when it comes and goes."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._arguments = arguments
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-m", "liveapp.upstream", "--port", str(self.port)]
        self._client = Client(base_url=self.url)
        self._process = subprocess.Popen(
            [*command, *self._arguments], cwd=ROOT, stdout=subprocess.DEVNULL
        )
        assert until(self._answers)

    def _answers(self) -> bool:
        try:
            return bool(self.state())
        except httpx.ConnectError:
            return False

    def state(self) -> dict[str, int]:
        """Return its own counts, including the connection of this request."""
        state: dict[str, int] = self._client.get("/state").json()
        return state

    def stop(self) -> None:
        """End it, in good order."""
        self._client.close()
        self._process.terminate()
        assert self._process.wait(5) == 0

    @contextmanager
    def gone(self) -> Iterator[None]:
        """It does not answer meanwhile, and does again afterwards."""
        self.stop()
        try:
            yield
        finally:
            self._start()
