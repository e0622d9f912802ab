"""The client and the kind of load decide who fires."""

from __future__ import annotations

from typing import Protocol

from dashboard.engine.clients import make_client_driver
from dashboard.engine.recording.recorder import Recorder
from dashboard.wire import plan

from .burst import BurstDriver
from .rate import RateDriver
from .websocket import WebSocketDriver


class FiringDriver(Protocol):
    """What child and command line see of a driver, whoever fires it."""

    origin_ns: int
    recorder: Recorder
    stopped: bool

    def begin_at(self, origin_ns: int) -> None:
        """Its origin is this instant, and not when it was made. Before `fire`."""

    async def fire(self) -> None:
        """Fire, and wait until every request that became due has its row. Then `close`."""

    def stop(self) -> None:
        """Record what is in flight as aborted; nothing more becomes due."""

    async def close(self) -> None:
        """Leave nothing behind."""

    def next_frame(self) -> bytes | None:
        """A frame of what is new: finished, or in flight; None when nothing is."""

    def scheduling_errors_ns(self) -> list[int] | None:
        """How late each request was sent that nothing held back; None without a schedule."""


def begin(firing: plan.Firing) -> FiringDriver:
    """A driver whose origin is now."""
    if firing.client != plan.ENGINE:
        return make_client_driver(firing)
    if firing.manner.websocket and isinstance(firing.load, plan.Burst):
        return WebSocketDriver(firing, firing.load)
    if isinstance(firing.load, plan.Rate):
        return RateDriver(firing, firing.load)
    return BurstDriver(firing)
