"""Client, request mode and load decide which driver fires."""

from __future__ import annotations

from typing import Protocol

from dashboard.engine.clients import make_client_driver
from dashboard.engine.recording.recorder import Recorder
from dashboard.wire.plan.plan import ENGINE, Burst, Firing, Rate

from .burst import BurstDriver
from .rate import RateDriver
from .websocket import WebSocketDriver


class FiringDriver(Protocol):
    """Drives one firing: what `Driver` and `ClientDriver` have in common."""

    origin_ns: int
    recorder: Recorder
    stopped: bool

    def set_origin(self, origin_ns: int) -> None:
        """Replace the origin, which is the instant of creation by default. Before `fire`."""

    async def fire(self) -> None:
        """Fire, and return when every request that became due has its row. Then `close`."""

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""

    async def close(self) -> None:
        """Release connections and tasks."""

    @property
    def in_flight(self) -> int:
        """The number of requests in flight."""

    def next_frame(self) -> bytes | None:
        """Return a frame of what has finished since the last one; None if nothing has."""

    def begun_frame(self) -> bytes | None:
        """Return a frame of what began, complete up to now; None once the firing is over.

        Call when `next_frame` has returned None.
        """

    def scheduling_errors_ns(self) -> list[int] | None:
        """Return how late requests were sent, ascending; None without a schedule."""


def make_driver(firing: Firing) -> FiringDriver:
    """Return the driver of a firing, whose origin is now."""
    if firing.client != ENGINE:
        return make_client_driver(firing)
    if firing.request_mode.websocket and isinstance(firing.load, Burst):
        return WebSocketDriver(firing, firing.load)
    if isinstance(firing.load, Rate):
        return RateDriver(firing, firing.load)
    return BurstDriver(firing)
