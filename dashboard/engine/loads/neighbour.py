"""Somebody else: a trickle to an unrelated view beside the load, which feels what it does to them.

It has connections of its own and goes on for as long as the load does. The query of its requests
ends with a word that the probe knows, so that they are counted with nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dashboard.wire.neighbour import firing_of_neighbour
from dashboard.wire.plan import MAX_DURATION_S, NEIGHBOUR_RPS, Firing, Rate

from .rate import RateDriver

KIND = "neighbour"
LAST_ANSWERS_S = 1.0  # for those who wait when the load is over: they are the ones it kept waiting


class Neighbour:
    """The neighbour of one firing, or nobody. Made before the firing: its schedule takes time."""

    def __init__(self, firing: Firing) -> None:
        self._driver: RateDriver | None = None
        self._firing: asyncio.Task[None] | None = None
        if firing.neighbour is not None:
            load = Rate(NEIGHBOUR_RPS, MAX_DURATION_S)
            own = firing_of_neighbour(firing, firing.neighbour, load)
            self._driver = RateDriver(own, load)

    def begin(self, origin_ns: int) -> None:
        """The load has begun at this instant."""
        if self._driver is not None:
            self._driver.begin_at(origin_ns)
            self._firing = asyncio.create_task(self._driver.fire())

    def next_frame(self) -> bytes | None:
        """A frame of what was answered since the last one; None where nothing was."""
        return self._driver.recorder.samples(KIND) if self._driver else None

    async def end(self, *, patience_s: float) -> None:
        """The load is over: who waits is given a moment, and nobody else comes."""
        if self._driver is None or self._firing is None:
            return
        self._driver.fire_no_more()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._firing), patience_s)
        self._driver.stop()
        await self._firing
        await self._driver.close()
