"""Performs one run: targets up, warm-up, then round by round each lane in random order.

Knows neither browser nor database: it speaks to sinks. Lanes are never raced, since two
lanes on one machine fight for the same cores; each waits until the last one is quiet.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from dashboard.models import Status
from dashboard.runs.reports.instrument import Reading, is_late, why_discarded
from dashboard.runs.resources import Resources
from dashboard.runs.sinks.fanout import Fanout
from dashboard.runs.sinks.sink import Event, Outcome, Sink
from dashboard.wire.errors import LiveburstError, TargetFailed
from dashboard.wire.plan import Plan

from .firings import Firings, StoppedError
from .round_medians import RoundMedians
from .run_targets import RunTargets
from .until_certain import UntilCertain
from .warnings import Warnings

ROUNDS_OF_A_START = 10  # then targets are started anew

log = logging.getLogger(__name__)

# Given the way to tell the sinks of an event.
SendEvent = Callable[[Event], Awaitable[None]]
AfterRun = Callable[[SendEvent], Coroutine[Any, Any, None]]


async def perform(
    plan: Plan,
    resources: Resources,
    sinks: Sequence[Sink],
    stop: asyncio.Event,
    after_run: AfterRun | None = None,
) -> Outcome:
    """Perform `plan` and tell the sinks; returns how it ended and never raises for a failure.

    `after_run` is what else is to be found out once all rounds of a run were fired; Stop ends it.
    """
    conductor = _Conductor(plan, resources, sinks)
    for sink in sinks:
        await sink.begin(plan)
    outcome = await _outcome(conductor, stop)
    if after_run is not None and outcome.status == Status.FINISHED:
        await _until_stopped(after_run(conductor.tell), stop)
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
    except StoppedError:
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


class _Conductor:
    def __init__(self, plan: Plan, resources: Resources, sinks: Sequence[Sink]) -> None:
        self._plan = plan
        self._resources = resources
        self._fanout = Fanout(sinks)
        self._targets = RunTargets(plan, resources, self._fanout)
        self._warnings = Warnings(plan, resources, self._fanout)
        self._firings = Firings(plan, resources, self._fanout, self._targets, self._warnings)
        self._until_certain = UntilCertain(plan) if plan.until_sure else None
        self._medians = RoundMedians()
        self._firings.fanout.append(self._medians.frame)
        if self._until_certain:
            self._firings.fanout.append(self._until_certain.frame)

    async def tell(self, event: Event) -> None:
        """SendEvent the sinks of something that was found out after the last round."""
        await self._fanout.event(event)

    async def work(self) -> None:
        """The run as a sentence."""
        # Its lab.toml may have changed while the run waited.
        self._resources.targets.project.check(self._plan)
        await self._everything_ready()
        await self._warm_up()
        await self._rounds()
        await self._warnings.advise(self._targets, self._firings.statuses)

    async def stop_when(self, stop: asyncio.Event, work: asyncio.Task[None]) -> None:
        """Once `stop` is set: abort the firing, or whatever else is going on."""
        await stop.wait()
        if not self._firings.stop():
            work.cancel()

    async def _everything_ready(self) -> None:
        # The engine starts while the targets do: a press should show its first bar soon.
        starting = asyncio.ensure_future(self._resources.engines.ready())
        try:
            for position, lane in enumerate(self._plan.lanes):
                await self._targets.of(position, lane)
        finally:
            self._firings.engine = await starting

    async def _warm_up(self) -> None:
        for position, lane in enumerate(self._plan.lanes):
            await self._firings.warm_up(position, lane)

    async def _start_anew(self) -> None:
        """Start each target again: more rounds cannot average away what one start was like."""
        for server in self._targets.servers:
            await self._targets.discard(server)
        await self._warm_up()

    async def _rounds(self) -> None:
        """Fire until as many rounds count as were asked for.

        A round in which the host took CPU time away, or the engine was at its limit, is discarded
        and repeated under a new number, so that its frames stay what they are; at most as often
        as there are rounds.
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
            readings = [await self._firings.fire(*lane, number, load) for lane in lanes]
            discarded_before = number - 1 - counted
            if self._disturbed(readings) and discarded_before < self._plan.rounds:
                await self._discard_round(number, readings)
                continue
            counted += 1
            for reading in readings:
                await self._warnings.overflows(reading)
            if await self._enough_after(readings):
                return

    def _disturbed(self, readings: Sequence[Reading]) -> bool:
        """Whether a round, which is over, is to be repeated: never by what it found of a lane."""
        smallest_p50_ms = self._medians.take_smallest_ms()
        return any(one.stolen or is_late(one, smallest_p50_ms) for one in readings)

    async def _discard_round(self, number: int, readings: Sequence[Reading]) -> None:
        why = why_discarded(readings)
        await self._fanout.event({"event": "discarded", "round": number, "reason": why})
        if self._until_certain:
            self._until_certain.discard_round()

    async def _enough_after(self, readings: Sequence[Reading]) -> bool:
        """A round counts, however the host took of its time: is all decided now?"""
        for reading in readings:
            if reading.stolen:
                await self._warnings.steal(reading)
        return self._until_certain is not None and self._until_certain.certain_after_round()
