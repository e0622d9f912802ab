"""The bystander: a trickle of requests to an unrelated view beside the load.

It shows what the load does to other requests. It has connections of its own and lasts as long as
the load. The query of its requests ends with a mark for the probe, so they count as none
of the load's. Its frame kind, JSON key and option are called `neighbour`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from dashboard.wire.plan.bystander import bystander_firing
from dashboard.wire.plan.plan import BYSTANDER_RPS, MAX_DURATION_S, Firing, Rate

from .rate import RateDriver

KIND = "neighbour"
LAST_RESPONSES_S = 1.0  # after the load: requests that it delayed are the ones that matter


class Bystander:
    """The bystander of one firing, or none. Made before the firing: its schedule takes a while."""

    def __init__(self, firing: Firing) -> None:
        self._driver: RateDriver | None = None
        self._task: asyncio.Task[None] | None = None
        if firing.bystander_path is not None:
            load = Rate(BYSTANDER_RPS, MAX_DURATION_S)
            self._driver = RateDriver(bystander_firing(firing, firing.bystander_path, load), load)

    def start(self, origin_ns: int) -> None:
        """Fire from the origin of the load on."""
        if self._driver is not None:
            self._driver.set_origin(origin_ns)
            self._task = asyncio.create_task(self._driver.fire())

    def next_frame(self) -> bytes | None:
        """Return a frame of the rows since the last one; None if there are none."""
        return self._driver.recorder.samples(KIND) if self._driver else None

    async def end(self, *, timeout_s: float) -> None:
        """Send no more, wait up to `timeout_s` for responses, and abort the rest."""
        if self._driver is None or self._task is None:
            return
        self._driver.end_schedule()
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._task), timeout_s)
        self._driver.stop()
        await self._task
        await self._driver.close()
