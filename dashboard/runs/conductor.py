"""Performs one run: targets up, warm-up, then round by round each lane in random order.

Knows neither browser nor database: it speaks to sinks. Lanes are never raced, since two
lanes on one machine fight for the same cores; each waits until the last one is quiet.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from dashboard.models import Status
from dashboard.targets.kernel import busy_times, cpu_times, listen_overflows
from dashboard.targets.login import request_headers
from dashboard.targets.scenario import Variant
from dashboard.wire import frame
from dashboard.wire.errors import LiveburstError, TargetFailed
from dashboard.wire.plan import ENGINE, Burst, Firing, Lane, Load, Plan

from .advice import Statuses, advice_on, advice_on_status
from .equipment import Engine, Equipment, Target
from .hearers import Hearers
from .instrument import MAX_STEAL_PERCENT, Reading
from .sinks import Event, Outcome, Sink
from .until_sure import UntilSure

HEALTH_INTERVAL_S = 0.05
WARM_UP_REQUESTS = 16
WARM_FOR_S = 60.0  # a lane fired this recently needs no warm-up
WARM_UP_ROUND = 0
ROUNDS_OF_A_START = 10  # then targets are started anew
QUIET_AFTER_STOP_S = 0.3
ENDING_S = 0.5  # until the end of a server is known, after connections were lost
MOST_DEATHS = 3  # of targets in one run; a server that ends again and again is no lane

log = logging.getLogger(__name__)


# Given the way to tell the sinks of an event.
Tell = Callable[[Event], Awaitable[None]]
Afterwards = Callable[[Tell], Coroutine[Any, Any, None]]


class _Stopped(Exception):
    """Somebody pressed Stop; what was measured is kept."""


async def perform(
    plan: Plan,
    equipment: Equipment,
    sinks: Sequence[Sink],
    stop: asyncio.Event,
    afterwards: Afterwards | None = None,
) -> Outcome:
    """Perform `plan` and tell the sinks; returns how it ended and never raises for a failure.

    `afterwards` is what else is to be found out once all rounds of a run were fired; Stop ends it.
    """
    conductor = _Conductor(plan, equipment, sinks)
    for sink in sinks:
        await sink.begin(plan)
    outcome = await _outcome(conductor, stop)
    if afterwards is not None and outcome.status == Status.FINISHED:
        await _until_stopped(afterwards(conductor.tell), stop)
    for sink in sinks:
        await sink.end(outcome)
    return outcome


async def _until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Do it unless somebody presses Stop; a fault of ours in it costs the run nothing."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        working.cancel()
        (found,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(found, Exception):
        log.error("What came after a run failed by a fault of our own", exc_info=found)


async def _outcome(conductor: _Conductor, stop: asyncio.Event) -> Outcome:
    work = asyncio.create_task(conductor.work())
    stopper = asyncio.create_task(conductor.stop_when(stop, work))
    try:
        await work
        return Outcome(Status.FINISHED)
    except _Stopped:
        return Outcome(Status.STOPPED)
    except asyncio.CancelledError:
        if not stop.is_set():  # not Stop, but our own end: whoever cancelled us must hear it
            work.cancel()
            raise
        return Outcome(Status.STOPPED)
    except TargetFailed as error:
        return Outcome(Status.FAILED, str(error), error.log_tail)
    except LiveburstError as error:
        return Outcome(Status.FAILED, str(error))
    except Exception:
        log.exception("A run failed by a fault of our own")
        return Outcome(Status.FAILED, "Liveburst itself failed; dashboard.log has the details.")
    finally:
        stopper.cancel()


async def _until_ended(target: Target) -> None:
    """Wait a moment for a server that lost its connections: has it ended?"""
    until_s = time.monotonic() + ENDING_S
    while target.failure is None and time.monotonic() < until_s:  # noqa: ASYNC110 - a property
        await asyncio.sleep(0.01)


class _Conductor:
    _engine: Engine

    def __init__(self, plan: Plan, equipment: Equipment, sinks: Sequence[Sink]) -> None:
        self._plan = plan
        self._equipment = equipment
        self._project = equipment.targets.project
        self._until_sure = UntilSure(plan) if plan.until_sure else None
        self._hearers = Hearers(sinks)
        self._targets: dict[str, Target] = {}
        self._executors: dict[int, Mapping[str, int]] = {}
        self._deaths = 0
        self._statuses = Statuses()
        self._firing = False
        self._stopping = False

    async def tell(self, event: Event) -> None:
        """Tell the sinks of something that was found out after the last round."""
        await self._hearers.event(event)

    async def work(self) -> None:
        """The run as a sentence."""
        self._project.check(self._plan)  # its lab.toml may have changed while the run waited
        await self._everything_ready()
        for position, lane in enumerate(self._plan.lanes):
            await self._warm_up(position, lane)
        await self._rounds()
        await self._advise()

    async def _rounds(self) -> None:
        """Fire until as many rounds count as were asked for.

        A round in which the host took CPU time away is discarded and repeated under a new number,
        so that its frames stay what they are; at most as often as there are rounds.
        """
        order = random.Random(self._plan.seed)  # noqa: S311 - to be repeatable is the point
        lanes = list(enumerate(self._plan.lanes))
        number = counted = 0
        while counted < self._plan.rounds:
            if counted and counted % ROUNDS_OF_A_START == 0:
                await self._start_anew()
            number += 1
            order.shuffle(lanes)
            load = self._plan.load
            readings = [await self._fire(*lane, number, load) for lane in lanes]
            stolen = [reading for reading in readings if reading.stolen]
            discarded_before = number - 1 - counted
            if stolen and discarded_before < self._plan.rounds:
                await self._hearers.event({"event": "discarded", "round": number})
                if self._until_sure:
                    self._until_sure.discard_round()
                continue
            counted += 1
            for reading in stolen:
                await self._warn_of_steal(reading)
            if self._until_sure and self._until_sure.sure_after_round():
                return

    async def _start_anew(self) -> None:
        """Start each target again: more rounds cannot average away what one start was like."""
        for server in [*self._targets]:
            await self._discard(server)
        for position, lane in enumerate(self._plan.lanes):
            await self._warm_up(position, lane)

    async def stop_when(self, stop: asyncio.Event, work: asyncio.Task[None]) -> None:
        """Once `stop` is set: abort the firing, or whatever else is going on."""
        await stop.wait()
        self._stopping = True
        if self._firing:
            self._engine.stop()
        else:
            work.cancel()

    async def _everything_ready(self) -> None:
        # The engine starts while the targets do: a press should show its first bar soon.
        starting = asyncio.ensure_future(self._equipment.engines.ready())
        try:
            for position, lane in enumerate(self._plan.lanes):
                await self._target(position, lane)
        finally:
            self._engine = await starting

    async def _target(self, position: int, lane: Lane) -> Target:
        """The lane's target, started if need be; asked for once a run."""
        if lane.server not in self._targets:
            telling: list[asyncio.Task[None]] = []

            def tell(state: str, message: str) -> None:
                telling.append(asyncio.create_task(self._tell(position, state, message)))

            try:
                self._targets[lane.server] = await self._equipment.targets.ready(
                    lane.server, tell, self._plan.scenario
                )
            finally:
                await asyncio.gather(*telling)
        return self._targets[lane.server]

    async def _tell(self, position: int, state: str, message: str) -> None:
        await self._hearers.event(
            {"event": "target", "lane": position, "state": state, "message": message}
        )

    async def _warm_up(self, position: int, lane: Lane) -> None:
        """Let the lane's target import, connect and grow its pools; stored, not counted."""
        target = await self._target(position, lane)
        await self._hearers.event(
            {"event": "target", "lane": position, "state": "ready", "facts": dict(target.facts)}
        )
        fired = self._equipment.last_fired.get((lane.server, target.started_s, lane.variant))
        if fired is None or time.monotonic() - fired > WARM_FOR_S:
            load = self._plan.load
            requests = min(load.requests, load.concurrency, WARM_UP_REQUESTS)
            await self._fire(position, lane, WARM_UP_ROUND, Burst(requests, requests))

    async def _fire(self, position: int, lane: Lane, number: int, load: Load) -> Reading:
        target = await self._target(position, lane)
        began: Event = {"event": "began", "lane": position, "round": number}
        await self._hearers.event(began)
        overflows, cpu_before = listen_overflows(), cpu_times()
        cores = target.facts.get("cores", ())
        busy_before = busy_times(cores)
        firing = self._firing_of(target, position, lane, number, load)
        fired = await self._listen(target, firing)
        reading = Reading.of(position, number, fired, cpu_before, cpu_times())
        reading = reading.with_target(busy_before, busy_times(cores))
        await self._hearers.event({**began, "event": "fired", "reading": reading.to_json()})
        await self._warn_of_overflows(lane, number, overflows)
        await self._tell_of_executor(position, number, target)
        self._equipment.last_fired[lane.server, target.started_s, lane.variant] = time.monotonic()
        if self._stopping:
            raise _Stopped
        if self._statuses.broken(position, number):
            await _until_ended(target)
        if target.failure is not None:
            await self._bury(lane, number, target.failure)
        return reading

    async def _bury(self, lane: Lane, number: int, failure: TargetFailed) -> None:
        """A target that ended while it was fired at: its rows stay, the next round has a new one.

        Raises the failure where it is the first thing that was fired, or one too many.
        """
        self._deaths += 1
        if number == WARM_UP_ROUND or self._deaths > MOST_DEATHS:
            raise failure
        await self._discard(lane.server)
        message = f"{lane}, round {number}: {failure}, and was started anew."
        await self._hearers.event({"event": "warning", "message": message, "spoils": True})

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
            body=variant.body,
            tls=target.tls,
            client=self._plan.client,
            seed=self._plan.seed + number,  # the same arrivals for each lane of a round
            neighbour=self._neighbour(target, variant, number),
            manner=variant.manner(self._plan.parameters),
        )

    def _neighbour(self, target: Target, variant: Variant, number: int) -> str | None:
        """The path of the neighbour's requests; None where there is none beside this firing."""
        path = self._project.neighbour
        beside = self._plan.neighbour and self._plan.client == ENGINE and number != WARM_UP_ROUND
        probed = target.facts.get("probe", True)  # else they would be counted with the load's
        return path if beside and probed and path != variant.path else None

    async def _listen(self, target: Target, firing: Firing) -> Event:
        """Fire, and pass on what the engine and the target say until both are quiet.

        Returns the engine's own account of it, its event `fired`.
        """
        number = next(self._equipment.firing_numbers)
        await target.begin(number)
        origin = asyncio.get_running_loop().create_future()
        over = asyncio.Event()
        health = asyncio.create_task(self._health(target, firing, origin, over))
        self._firing = True
        message: Event = {}
        try:
            async for payload in self._engine.fire(firing):
                if not frame.is_event(payload):
                    if self._until_sure:
                        self._until_sure.frame(payload)
                    self._statuses.take(frame.decode(payload))
                    await self._hearers.frame(payload)
                elif (message := json.loads(payload))["event"] == "began":
                    origin.set_result(message["origin_ns"])
        finally:
            self._firing = False
            over.set()
            origin.cancel()
        await health
        await self._settle(target, number, firing, origin.result())
        return message

    async def _health(
        self, target: Target, firing: Firing, origin: asyncio.Future[int], over: asyncio.Event
    ) -> None:
        origin_ns = await origin
        while not over.is_set():
            await self._health_frame(firing, origin_ns, target.take_rows(origin_ns))
            # Never cancelled: a frame that has its number must reach every sink.
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), HEALTH_INTERVAL_S)

    async def _settle(self, target: Target, number: int, firing: Firing, origin_ns: int) -> None:
        """Wait until nothing runs on: sync views do, after their clients gave up.

        A target that does not become quiet would spoil what comes after it, so it is ended.
        """
        patience_s = QUIET_AFTER_STOP_S if self._stopping else firing.timeout_s
        quiet = await target.end(number, quiet_timeout_s=patience_s)
        await self._health_frame(firing, origin_ns, target.take_rows(origin_ns))
        if not quiet:
            await self._discard(self._plan.lanes[firing.lane].server)

    async def _discard(self, server: str) -> None:
        await self._equipment.targets.discard(server)
        self._targets.pop(server, None)

    async def _warn_of_overflows(self, lane: Lane, number: int, before: int | None) -> None:
        after = listen_overflows()
        if before is not None and after is not None and after > before:
            message = f"{lane}, round {number}: the backlog overflowed {after - before} times."
            await self._hearers.event({"event": "warning", "message": message, "spoils": True})

    async def _tell_of_executor(self, position: int, number: int, target: Target) -> None:
        """What the lane's default executor came to, when more stood in line than ever before."""
        executor, known = target.executor, self._executors.get(position)
        if number == WARM_UP_ROUND or executor is None:
            return
        if known is None or executor["queued"] > known["queued"]:
            self._executors[position] = executor
            found: Event = {"event": "found", "lane": position}
            await self._hearers.event({**found, "facts": {"executor": dict(executor)}})

    async def _advise(self) -> None:
        """Say what distorts the numbers of this project, or what its answers mean."""
        said: dict[str, list[str]] = {}
        for position, lane in enumerate(self._plan.lanes):
            target = await self._target(position, lane)
            variant = self._project.scenarios[self._plan.scenario].variants[lane.variant]
            on_status = await advice_on_status(
                self._statuses.only(position),
                variant.url_path(self._plan.parameters),
                target.facts,
                partial(self._equipment.targets.pending_migrations, lane.server),
            )
            for advice in (*advice_on(target.facts), *filter(None, [on_status])):
                said.setdefault(advice, []).append(str(lane))
        for advice, lanes in said.items():
            message = f"{', '.join(lanes)}: {advice}"
            await self._hearers.event({"event": "warning", "message": message})

    async def _warn_of_steal(self, reading: Reading) -> None:
        message = (
            f"{self._plan.lanes[reading.lane]}, round {reading.round}: the host took"
            f" {reading.steal_percent:.1f} % of the CPU time away, and the limit is"
            f" {MAX_STEAL_PERCENT:g} %. As many rounds as there are were repeated already."
        )
        await self._hearers.event({"event": "warning", "message": message})

    async def _health_frame(
        self, firing: Firing, origin_ns: int, rows: Sequence[Mapping[str, int]]
    ) -> None:
        if rows:
            columns = frame.rows_to_columns("health", rows)
            await self._hearers.frame(
                frame.encode(
                    "health",
                    lane=firing.lane,
                    round=firing.round,
                    origin_ns=origin_ns,
                    columns=columns,
                )
            )
