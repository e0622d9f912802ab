"""Fires a load at a lane of a run: warm-ups and rounds, each with what was read around it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from dashboard.analysis.samples.resource_use import NeighbourCost
from dashboard.project.model.placeholders import fill_in, with_filled_rows
from dashboard.project.model.scenario import Variant
from dashboard.runs.reports.instrument import Reading
from dashboard.runs.reports.results import WARM_UP_ROUND
from dashboard.runs.resources import Engine, Resources, Target
from dashboard.runs.sinks.fanout import Fanout
from dashboard.runs.sinks.sink import Event
from dashboard.targets.lifecycle.login.session import request_headers
from dashboard.targets.observe.listeners import Drops
from dashboard.targets.observe.machine import busy_times
from dashboard.wire import frame
from dashboard.wire.neighbour import firing_of_neighbour
from dashboard.wire.plan import ENGINE, Burst, Firing, Lane, Load, Plan

from . import neighbour_cost
from .advice import Statuses
from .attendance import RequestsSent
from .firing_stream import FiringStream
from .run_targets import RunTargets
from .warnings import Warnings

WARM_UP_REQUESTS = 16
WARM_FOR_S = 60.0  # a lane fired this recently needs no warm-up
QUIET_AFTER_STOP_S = 0.3
ENDING_S = 0.5  # until the end of a server is known, after connections were lost


class StoppedError(Exception):
    """Somebody pressed Stop; what was measured is kept."""


class Firings:
    """The firings of one run, one after another."""

    engine: Engine  # there before the first of them

    def __init__(
        self,
        plan: Plan,
        resources: Resources,
        fanout: Fanout,
        targets: RunTargets,
        warnings: Warnings,
    ) -> None:
        self._plan = plan
        self._resources = resources
        self._project = resources.targets.project
        self._fanout = fanout
        self._targets = targets
        self._warnings = warnings
        self._firing = False
        self._stopping = False
        self.statuses = Statuses()
        self._sent = RequestsSent()  # of the firing that is on
        # They hear each frame of the engine's: a round is judged by its own.
        self.fanout: list[Callable[[bytes], None]] = []

    def stop(self) -> bool:
        """Abort the firing that is on; False where none is."""
        self._stopping = True
        if self._firing:
            self.engine.stop()
        return self._firing

    async def warm_up(self, position: int, lane: Lane) -> None:
        """Let the lane's target import, connect and grow its pools; stored, not counted."""
        target = await self._targets.of(position, lane)
        await self._fanout.event(
            {"event": "target", "lane": position, "state": "ready", "facts": dict(target.facts)}
        )
        fired = self._resources.last_fired.get((lane.server, target.started_s, lane.variant))
        if fired is None or time.monotonic() - fired > WARM_FOR_S:
            load = self._plan.load
            requests = min(load.requests, load.concurrency, WARM_UP_REQUESTS)
            reading = await self.fire(position, lane, WARM_UP_ROUND, Burst(requests, requests))
            await self._warnings.overflows(reading)
        await self._measure_neighbour(position, lane)

    async def _measure_neighbour(self, position: int, lane: Lane) -> None:
        """Find out what the neighbour's requests cost here, unless this target's are known."""
        target = await self._targets.of(position, lane)
        firing = self._firing_of(target, position, lane, WARM_UP_ROUND + 1, self._plan.load)
        if firing.neighbour is None:
            return
        costs = self._resources.neighbour_costs
        key = lane.server, target.started_s, firing.neighbour
        if key not in costs:
            costs[key] = await self._cost_of_neighbour(target, firing, firing.neighbour)
        if (cost := costs[key]) is not None:
            facts = {"neighbour_cost": cost.to_json()}
            await self._fanout.event({"event": "found", "lane": position, "facts": facts})

    async def _cost_of_neighbour(
        self, target: Target, firing: Firing, path: str
    ) -> NeighbourCost | None:
        alone = replace(
            firing_of_neighbour(firing, path, neighbour_cost.LOAD),
            round=WARM_UP_ROUND,
            timeout_s=neighbour_cost.TIMEOUT_S,
        )
        self._firing = True
        try:
            cost = await neighbour_cost.measure(
                target, self.engine, alone, self._resources.firing_numbers
            )
        finally:
            self._firing = False
        if self._stopping:
            raise StoppedError
        return cost

    async def fire(self, position: int, lane: Lane, number: int, load: Load) -> Reading:
        """Fire once, and say what was read around it.

        Raises StoppedError once Stop was pressed, and TargetFailed where a target's end ends the
        run.
        """
        target = await self._targets.of(position, lane)
        began: Event = {"event": "began", "lane": position, "round": number}
        await self._fanout.event(began)
        drops, cpu_before = Drops.at(target.host, target.port), self._resources.cpu_times()
        cores = target.facts.get("cores", ())
        busy_before = busy_times(cores)
        firing = self._firing_of(target, position, lane, number, load)
        self._sent = RequestsSent()
        fired, quiet = await self._listen(target, firing)
        reading = Reading.of(position, number, fired, cpu_before, self._resources.cpu_times())
        reading = reading.with_target(busy_before, busy_times(cores))
        overflows = Drops.at(target.host, target.port).since(drops)
        reading = replace(reading, overflows=overflows)
        await self._fanout.event({**began, "event": "fired", "reading": reading.to_json()})
        if number != WARM_UP_ROUND:
            await self._warnings.executor(position, target)
            await self._warnings.answers(position, target)
            await self._warnings.attendance(firing, self._sent, target)
        if "websocket" in fired:
            await self._warnings.conversation(position, number, fired["websocket"])
        self._resources.last_fired[lane.server, target.started_s, lane.variant] = time.monotonic()
        if self._stopping:
            raise StoppedError
        if not quiet:
            await self._warnings.unquiet(lane, number)
            return reading
        if self.statuses.broken(position, number):
            await _until_ended(target)
        if target.failure is not None:
            await self._targets.replace_ended(lane, number, target.failure)
        return reading

    async def _listen(self, target: Target, firing: Firing) -> tuple[Event, bool]:
        """Fire until engine and target are quiet.

        False where the target lives and does not become so: it was ended then.
        """
        number = next(self._resources.firing_numbers)
        stream = await FiringStream.begin(self._fanout, target, firing, number)
        self._firing = True
        try:
            fired = await stream.until_fired(self.engine, self._hear)
        finally:
            self._firing = False
        patience_s = QUIET_AFTER_STOP_S if self._stopping else firing.timeout_s
        if await stream.until_quiet(patience_s) or target.failure is not None:
            return fired, True
        await self._targets.discard(self._targets.name_of(self._plan.lanes[firing.lane]))
        return fired, False

    def _hear(self, data: bytes) -> None:
        for hear in self.fanout:
            hear(data)
        decoded = frame.decode(data)
        self.statuses.take(decoded)
        self._sent.take(decoded)

    def _firing_of(
        self, target: Target, position: int, lane: Lane, number: int, load: Load
    ) -> Firing:
        variant = self._project.scenarios[self._plan.scenario].variants[lane.variant]
        return Firing(
            lane=position,
            round=number,
            host=target.host,
            port=target.port,
            path=variant.url_path(self._plan.parameters),
            load=load,
            timeout_s=self._plan.timeout_s,
            method=variant.method,
            headers=request_headers(variant, target.session),
            body=fill_in(variant.body),
            tls=target.tls,
            client=self._plan.client,
            seed=self._plan.seed + number,  # the same arrivals for each lane of a round
            neighbour=self._neighbour(target, variant, number),
            manner=with_filled_rows(variant.manner(self._plan.parameters)),
        )

    def _neighbour(self, target: Target, variant: Variant, number: int) -> str | None:
        """The path of the neighbour's requests; None where there is none beside this firing."""
        path = self._project.neighbour
        beside = self._plan.neighbour and self._plan.client == ENGINE and number != WARM_UP_ROUND
        probed = target.facts.get("probe", True)  # else they would be counted with the load's
        return path if beside and probed and path != variant.path else None


async def _until_ended(target: Target) -> None:
    """Wait a moment for a server that lost its connections: has it ended?"""
    until_s = time.monotonic() + ENDING_S
    while target.failure is None and time.monotonic() < until_s:  # noqa: ASYNC110 - a property
        await asyncio.sleep(0.01)
