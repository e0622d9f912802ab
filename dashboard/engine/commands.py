"""What the engine's owner says on stdin: a line of JSON for each firing, and for Stop."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from dashboard.wire.plan import Firing

from .kinds import AnyFlight, begin
from .neighbour import Neighbour


class Order:
    """A firing that was asked for. Stop reaches it even when it has not begun yet."""

    def __init__(self, firing: Firing) -> None:
        self._firing = firing
        self._stopped = False
        self._flight: AnyFlight | None = None

    def begin(self) -> AnyFlight:
        """Its flight, whose origin is now."""
        self._flight = begin(self._firing)
        if self._stopped:
            self._flight.stop()
        return self._flight

    def neighbour(self) -> Neighbour:
        """What is fired beside it."""
        return Neighbour(self._firing)

    def stop(self) -> None:
        """Nothing more becomes due; what is in flight is aborted."""
        self._stopped = True
        if self._flight:
            self._flight.stop()


class Commands(asyncio.Protocol):
    """The reader of stdin. Orders are served one after another, the oldest first."""

    def __init__(self) -> None:
        self._orders: deque[Order] = deque()  # the first may be the one that is on
        self._news = asyncio.Event()
        self._pending = b""
        self.ended = asyncio.Event()
        self.complaint: str | None = None  # about a line that is not a command

    async def next(self) -> Order | None:
        """The next order, when there is one; None when there will be none."""
        while not self._orders and not self.ended.is_set():
            self._news.clear()
            await self._news.wait()
        return None if self.ended.is_set() else self._orders[0]

    def served(self) -> None:
        """The order that `next` gave is done with."""
        self._orders.popleft()

    def end(self) -> None:
        """Nobody is left to fire for."""
        self.ended.set()
        self._news.set()
        self._stop()

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Whatever came, cut into lines."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            try:
                self._obey(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.complaint = (
                    f"stdin: expected {{'fire': …}} or {{'stop': true}} in JSON,"
                    f" found {line!r} ({error!r})"
                )
                self.end()

    def connection_lost(self, error: Exception | None) -> None:
        """The end of stdin."""
        self.end()

    def _obey(self, command: dict[str, Any]) -> None:
        if command.get("stop") is True:
            self._stop()
        else:
            self._orders.append(Order(Firing.from_json(command["fire"])))
            self._news.set()

    def _stop(self) -> None:
        for order in self._orders:
            order.stop()
