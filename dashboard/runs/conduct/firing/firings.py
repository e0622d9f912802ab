"""Fires loads at the lanes of a run: warm-ups and rounds, each with what was read around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from dashboard.analysis.samples.resource_use import BystanderRequestCost
from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.run_targets import RunTargets
from dashboard.runs.conduct.warnings.server_checks import RequestsSent
from dashboard.runs.conduct.warnings.statuses import Statuses
from dashboard.runs.conduct.warnings.warnings import Warnings
from dashboard.runs.reports.instrument import Reading
from dashboard.runs.resources import Engine, Target
from dashboard.wire.events import BeganEvent, EngineFired, FiredEvent
from dashboard.wire.frame import WARM_UP_ROUND, Frame
from dashboard.wire.plan.bystander import bystander_firing
from dashboard.wire.plan.plan import Burst, Firing, Lane, Load

from . import bystander_cost
from .firing_stream import FiringStream
from .make_firing import make_firing
from .surroundings import Surroundings

WARM_UP_REQUESTS = 16
WARM_FOR_S = 60.0  # a lane fired this recently needs no warm-up
QUIET_AFTER_STOP_S = 0.3
ENDING_S = 0.5  # how long the end of a server may take to show after connections were lost

TakeFrame = Callable[[Frame], None]  # given each frame from the engine


class StoppedError(Exception):
    """Stop was pressed; what was measured is kept."""


class Firings:
    """The firings of one run, one after another."""

    def __init__(
        self,
        context: RunContext,
        engine: Engine,
        targets: RunTargets,
        warnings: Warnings,
        take_frame: TakeFrame,
    ) -> None:
        self._context = context
        self._engine = engine
        self._targets = targets
        self._warnings = warnings
        self._take_frame = take_frame
        self._firing = False
        self._stopping = False
        self.statuses = Statuses()
        self._sent = RequestsSent()  # in the current firing

    def stop(self) -> bool:
        """Abort the firing in progress; return False if there is none."""
        self._stopping = True
        if self._firing:
            self._engine.stop()
        return self._firing

    async def warm_up(self, position: int, lane: Lane) -> None:
        """Let the lane's target import, connect and grow its pools; stored, not counted."""
        target = await self._targets.of(position, lane)
        await self._context.fanout.event(
            {"event": "target", "lane": position, "state": "ready", "facts": {**target.facts}}
        )
        fired_s = self._context.resources.last_fired.get(_warm_key(lane, target))
        if fired_s is None or time.monotonic() - fired_s > WARM_FOR_S:
            load = self._context.plan.load
            views = len(self._context.plan.mix)
            requests = min(load.requests, load.concurrency, max(WARM_UP_REQUESTS, views))
            reading = await self.fire(position, lane, WARM_UP_ROUND, Burst(requests, requests))
            await self._warnings.overflows(reading)
        await self._measure_bystander(position, lane)

    async def fire(self, position: int, lane: Lane, number: int, load: Load) -> Reading:
        """Fire once and return what was read around it.

        Raises StoppedError once Stop was pressed, and TargetFailed where the end of a target is
        the end of the run.
        """
        target = await self._targets.of(position, lane)
        firing = make_firing(self._context, target, position, number, load)
        began: BeganEvent = {"event": "began", "lane": position, "round": number}
        await self._context.fanout.event(began)
        surroundings = Surroundings.before(target, self._context.resources.cpu_times)
        self._sent = RequestsSent()
        fired, quiet = await self._stream(target, firing)
        reading = surroundings.reading(firing, fired)
        over: FiredEvent = {**began, "event": "fired", "reading": reading.to_json()}
        await self._context.fanout.event(over)
        await self._warnings.after_firing(firing, fired, target)
        self._context.resources.last_fired[_warm_key(lane, target)] = time.monotonic()
        if not self._stopping:
            await self._settle(firing, target, quiet=quiet)
        if target.failure is None:  # else its workers ended with it, which is a warning of its own
            await self._warnings.check_server(firing, self._sent, target)
        if self._stopping:
            raise StoppedError
        return reading

    async def _settle(self, firing: Firing, target: Target, *, quiet: bool) -> None:
        """Leave a target that can be fired at again, or none."""
        if quiet:
            await self._replace_if_ended(firing, target)
        else:
            await self._warnings.restarted_busy(firing)

    async def _replace_if_ended(self, firing: Firing, target: Target) -> None:
        if self.statuses.broken(firing.lane, firing.round):
            await _until_ended(target)
        if target.failure is not None:
            lane = self._context.plan.lanes[firing.lane]
            await self._targets.replace_ended(lane, firing.round, target.failure)

    async def _stream(self, target: Target, firing: Firing) -> tuple[EngineFired, bool]:
        """Fire until engine and target are quiet; return the engine's event `fired`.

        With it False if the target is alive and did not become quiet: it was ended then.
        """
        number = next(self._context.resources.firing_numbers)
        stream = await FiringStream.begin(self._context.fanout, target, firing, number)
        self._firing = True
        try:
            fired = await stream.until_fired(self._engine, self._take)
        finally:
            self._firing = False
        patience_s = QUIET_AFTER_STOP_S if self._stopping else firing.timeout_s
        if await stream.until_quiet(patience_s) or target.failure is not None:
            return fired, True
        lane = self._context.plan.lanes[firing.lane]
        await self._targets.discard(self._targets.name_of(lane))
        return fired, False

    def _take(self, frame: Frame) -> None:
        self._take_frame(frame)
        self.statuses.take(frame)
        self._sent.take(frame)

    async def _measure_bystander(self, position: int, lane: Lane) -> None:
        """Measure what the bystander's requests cost at this target, if not yet known."""
        context = self._context
        target = await self._targets.of(position, lane)
        firing = make_firing(context, target, position, WARM_UP_ROUND + 1, context.plan.load)
        if firing.bystander_path is None:
            return
        costs = context.resources.bystander_costs
        key = lane.server, target.started_s, firing.bystander_path
        if key not in costs:
            costs[key] = await self._cost_of_bystander(target, firing, firing.bystander_path)
        if (cost := costs[key]) is not None:
            await context.add_facts(position, {"neighbour_cost": cost.to_json()})

    async def _cost_of_bystander(
        self, target: Target, firing: Firing, path: str
    ) -> BystanderRequestCost | None:
        alone = replace(
            bystander_firing(firing, path, bystander_cost.LOAD),
            round=WARM_UP_ROUND,
            timeout_s=bystander_cost.TIMEOUT_S,
        )
        numbers = self._context.resources.firing_numbers
        self._firing = True
        try:
            cost = await bystander_cost.measure(target, self._engine, alone, numbers)
        finally:
            self._firing = False
        if self._stopping:
            raise StoppedError
        return cost


def _warm_key(lane: Lane, target: Target) -> tuple[str, float, str]:
    return lane.server, target.started_s, lane.variant


async def _until_ended(target: Target) -> None:
    """Wait for the end of a server that lost its connections, at most ENDING_S."""
    until_s = time.monotonic() + ENDING_S
    while target.failure is None and time.monotonic() < until_s:  # noqa: ASYNC110 - a property
        await asyncio.sleep(0.01)
