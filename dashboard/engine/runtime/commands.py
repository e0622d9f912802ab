"""What the engine's owner says on stdin: a line of JSON for each firing, for Begin and for Stop."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import Any

from dashboard.engine.loads.factory import FiringDriver, begin
from dashboard.engine.loads.neighbour import Neighbour
from dashboard.engine.timing.alarm import make_alarm
from dashboard.wire.plan import Firing


class Order:
    """A firing that was asked for. Stop reaches it even when it has not begun yet."""

    def __init__(self, firing: Firing) -> None:
        self._firing = firing
        self._stopped = False
        self._driver: FiringDriver | None = None
        self._origin_ns: int | None = None
        self._told = asyncio.Event()  # when to begin, or that it is stopped

    def begin(self) -> FiringDriver:
        """Its driver, whose origin is now."""
        self._driver = begin(self._firing)
        if self._stopped:
            self._driver.stop()
        return self._driver

    @property
    def is_shared(self) -> bool:
        """Whether several engines fire it, and so have to begin at the same instant."""
        return self._firing.engines > 1

    def begin_at(self, origin_ns: int) -> None:
        """The instant at which all the engines that share it begin."""
        self._origin_ns = origin_ns
        self._told.set()

    async def wait_to_begin(self) -> None:
        """Until the instant that is said on stdin, which becomes the origin; or until Stop."""
        await self._told.wait()
        if self._driver and self._origin_ns is not None:
            self._driver.begin_at(self._origin_ns)
            await _until(self._origin_ns)

    def neighbour(self) -> Neighbour:
        """What is fired beside it."""
        return Neighbour(self._firing)

    def stop(self) -> None:
        """Nothing more becomes due; what is in flight is aborted."""
        self._stopped = True
        self._told.set()
        if self._driver:
            self._driver.stop()


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
                    "stdin: expected {'fire': …}, {'begin': …} or {'stop': true} in JSON,"
                    f" found {line!r} ({error!r})"
                )
                self.end()

    def connection_lost(self, error: Exception | None) -> None:
        """The end of stdin."""
        self.end()

    def _obey(self, command: dict[str, Any]) -> None:
        if command.get("stop") is True:
            self._stop()
        elif "begin" in command:
            self._begin(int(command["begin"]))
        else:
            self._orders.append(Order(Firing.from_json(command["fire"])))
            self._news.set()

    def _begin(self, origin_ns: int) -> None:
        if self._orders:  # one that was stopped may be over already
            self._orders[0].begin_at(origin_ns)

    def _stop(self) -> None:
        for order in self._orders:
            order.stop()


async def _until(instant_ns: int) -> None:
    """Sleep until then, to a fraction of a millisecond."""
    there = asyncio.Event()
    alarm = make_alarm(there.set)
    try:
        alarm.set(instant_ns)
        await there.wait()
    finally:
        alarm.close()
