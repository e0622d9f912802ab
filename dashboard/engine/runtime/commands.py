"""Commands on stdin, one line of JSON each: fire, begin (shared firings) and stop."""

from __future__ import annotations

import asyncio
import json
from collections import deque

from dashboard.engine.loads.bystander import Bystander
from dashboard.engine.loads.factory import FiringDriver, make_driver
from dashboard.engine.timing.alarm import make_alarm
from dashboard.wire.events import EngineCommand
from dashboard.wire.plan.plan import Firing


class QueuedFiring:
    """A firing that was requested. Stop takes effect even before it has begun."""

    def __init__(self, firing: Firing) -> None:
        self._firing = firing
        self._stopped = False
        self._driver: FiringDriver | None = None
        self._origin_ns: int | None = None
        self._origin_known = asyncio.Event()  # or stopped

    def make_driver(self) -> FiringDriver:
        """Return its driver, whose origin is now."""
        self._driver = make_driver(self._firing)
        if self._stopped:
            self._driver.stop()
        return self._driver

    def make_bystander(self) -> Bystander:
        """Return the bystander that is fired beside it."""
        return Bystander(self._firing)

    @property
    def is_shared(self) -> bool:
        """Whether several load generators fire it, and have to begin at the same instant."""
        return self._firing.engines > 1

    def begin_at(self, origin_ns: int) -> None:
        """Set the instant at which all load generators that share it begin."""
        self._origin_ns = origin_ns
        self._origin_known.set()

    async def wait_for_origin(self) -> None:
        """Wait for the instant given on stdin, which becomes the origin; or for Stop."""
        await self._origin_known.wait()
        if self._driver and self._origin_ns is not None:
            self._driver.set_origin(self._origin_ns)
            await _sleep_until(self._origin_ns)

    def stop(self) -> None:
        """Abort what is in flight; nothing more becomes due."""
        self._stopped = True
        self._origin_known.set()
        if self._driver:
            self._driver.stop()


class Commands(asyncio.Protocol):
    """Reads stdin. Firings are executed one after another, the oldest first."""

    def __init__(self) -> None:
        self._queue: deque[QueuedFiring] = deque()  # the first may be executing
        self._changed = asyncio.Event()
        self._pending = b""
        self.ended = asyncio.Event()
        self.error: str | None = None  # about a line that is not a command

    async def next(self) -> QueuedFiring | None:
        """Wait for the next firing and return it; None after the end of stdin."""
        while not self._queue and not self.ended.is_set():
            self._changed.clear()
            await self._changed.wait()
        return None if self.ended.is_set() else self._queue[0]

    def remove_first(self) -> None:
        """Remove the firing that `next` returned: it has been executed."""
        self._queue.popleft()

    def end(self) -> None:
        """Stop all firings, and accept no more."""
        self.ended.set()
        self._changed.set()
        self._stop()

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Execute each complete line; the first that is not a command ends the process."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            try:
                self._execute(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self.error = (
                    "stdin: expected {'fire': …}, {'begin': …} or {'stop': true} in JSON,"
                    f" found {line!r} ({error!r})"
                )
                self.end()

    def connection_lost(self, error: Exception | None) -> None:
        """End: stdin was closed."""
        self.end()

    def _execute(self, command: EngineCommand) -> None:
        if command.get("stop") is True:
            self._stop()
        elif "begin" in command:
            self._begin(int(command["begin"]))
        else:
            self._queue.append(QueuedFiring(Firing.from_json(command["fire"])))
            self._changed.set()

    def _begin(self, origin_ns: int) -> None:
        if self._queue:  # a firing that was stopped may be over already
            self._queue[0].begin_at(origin_ns)

    def _stop(self) -> None:
        for queued in self._queue:
            queued.stop()


async def _sleep_until(instant_ns: int) -> None:
    """Sleep until an instant of the monotonic clock, to a fraction of a millisecond."""
    rung = asyncio.Event()
    alarm = make_alarm(rung.set)
    try:
        alarm.set(instant_ns)
        await rung.wait()
    finally:
        alarm.close()
