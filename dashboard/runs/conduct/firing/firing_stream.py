"""The events and frames of one firing, from engine and target, until both are quiet."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from dashboard.runs.resources import Engine, Target
from dashboard.runs.sinks.fanout import Fanout
from dashboard.wire import frame
from dashboard.wire.events import EngineEvent, EngineFired
from dashboard.wire.frame import Frame
from dashboard.wire.plan.plan import Firing

HEALTH_INTERVAL_S = 0.05


class FiringStream:
    """Passes on the frames of one firing and the health of its target."""

    def __init__(self, fanout: Fanout, target: Target, firing: Firing, number: int) -> None:
        self._fanout = fanout
        self._target = target
        self._firing = firing
        self._number = number
        self._origin: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._health = asyncio.create_task(self._pass_on_health())

    @classmethod
    async def begin(
        cls, fanout: Fanout, target: Target, firing: Firing, number: int
    ) -> FiringStream:
        """Return the stream of a firing once its target reports; the probe gets `number`."""
        await target.begin(number)
        return cls(fanout, target, firing, number)

    async def until_fired(self, engine: Engine, take: Callable[[Frame], None]) -> EngineFired:
        """Fire and pass on every frame, first to `take`; return the engine's event `fired`."""
        fired: EngineFired = {"event": "fired"}
        try:
            async for payload in engine.fire(self._firing):
                if frame.is_event(payload):
                    event: EngineEvent = json.loads(payload)
                    if event["event"] == "began":
                        self._origin.set_result(event["origin_ns"])
                    elif event["event"] == "fired":
                        fired = event
                else:
                    received = frame.decode(payload)
                    take(received)
                    await self._fanout.frame(received)
        finally:
            self._over.set()
            self._origin.cancel()
        return fired

    async def until_quiet(self, patience_s: float) -> bool:
        """Wait until nothing runs in the target: sync views do after their clients gave up.

        Return False if it did not become quiet in time: it would disturb what comes next.
        """
        await self._health
        quiet = await self._target.end(self._number, quiet_timeout_s=patience_s)
        await self._health_frame(self._origin.result())
        return quiet

    async def _pass_on_health(self) -> None:
        origin_ns = await self._origin
        while not self._over.is_set():
            await self._health_frame(origin_ns)
            # Never cancelled: a frame that has its number must reach every sink.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), HEALTH_INTERVAL_S)

    async def _health_frame(self, origin_ns: int) -> None:
        rows: Sequence[Mapping[str, int]] = self._target.take_rows(origin_ns)
        if rows:
            data = frame.encode(
                "health",
                lane=self._firing.lane,
                round=self._firing.round,
                origin_ns=origin_ns,
                columns=frame.rows_to_columns("health", rows),
            )
            await self._fanout.frame(frame.decode(data))
