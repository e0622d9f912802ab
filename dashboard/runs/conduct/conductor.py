"""Performs one run: starts its targets, fires the warm-ups and the rounds, reports to sinks.

Depends on neither browser nor database. Lanes never run at the same time, since two lanes on one
machine compete for the same cores; each waits until the one before is quiet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any

from dashboard.database.problems import as_unusable
from dashboard.models import Status
from dashboard.project.secrets.masking import masked
from dashboard.runs.conduct.firing.firings import Firings, StoppedError
from dashboard.runs.conduct.rounds.round_check import RoundCheck
from dashboard.runs.conduct.rounds.rounds import Rounds
from dashboard.runs.conduct.warnings.warnings import Warnings
from dashboard.runs.resources import Engine, Resources
from dashboard.runs.sinks.sink import Outcome, Sink
from dashboard.state.home import DATABASE, home
from dashboard.wire.errors import LiveburstError, TargetFailed
from dashboard.wire.events import RunEvent
from dashboard.wire.plan.plan import Plan

from .disk_space import check_disk
from .open_files import check_open_files, open_file_warnings
from .run_context import RunContext
from .run_targets import RunTargets

INTERNAL_ERROR = "Liveburst itself failed; dashboard.log has the details."

log = logging.getLogger(__name__)

SendEvent = Callable[[RunEvent], Awaitable[None]]
AfterRun = Callable[[SendEvent], Coroutine[Any, Any, None]]


async def perform(
    plan: Plan,
    resources: Resources,
    sinks: Sequence[Sink],
    stop: asyncio.Event,
    after_run: AfterRun | None = None,
) -> Outcome:
    """Perform `plan`, report to the sinks, and return how it ended; a failure is an outcome too.

    `after_run` is called once all rounds were fired, with a function that sends an event to the
    sinks. `stop` ends that, too.
    """
    context = RunContext.of(plan, resources, sinks)
    conductor = _Conductor(context)
    for sink in sinks:
        await sink.begin(plan)
    outcome = await _outcome(conductor, stop)
    if after_run is not None and outcome.status == Status.FINISHED:
        await _until_stopped(after_run(context.fanout.event), stop)
    for sink in sinks:
        await sink.end(outcome)
    return outcome


async def _until_stopped(work: Coroutine[Any, Any, None], stop: asyncio.Event) -> None:
    """Run `work` until it ends or `stop` is set; an error in it is logged and costs nothing."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        working.cancel()
        (result,) = await asyncio.gather(working, return_exceptions=True)
    if isinstance(result, Exception):
        log.error("A step after a run failed because of an internal error", exc_info=result)


async def _outcome(conductor: _Conductor, stop: asyncio.Event) -> Outcome:
    work = asyncio.create_task(conductor.work())
    stopper = asyncio.create_task(conductor.stop_when(stop, work))
    try:
        await work
        return Outcome(Status.FINISHED)
    except StoppedError:
        return Outcome(Status.STOPPED)
    except asyncio.CancelledError:
        if not stop.is_set():  # this task itself is cancelled, which must not be swallowed
            work.cancel()
            raise
        return Outcome(Status.STOPPED)
    except TargetFailed as error:
        return Outcome(Status.FAILED, masked(str(error)), masked(error.log_tail))
    except LiveburstError as error:
        return Outcome(Status.FAILED, masked(str(error)))
    except Exception as error:
        log.exception("A run failed because of an internal error")
        return Outcome(Status.FAILED, failure_of(error))
    finally:
        stopper.cancel()


def failure_of(error: BaseException) -> str:
    """Return why a run failed: what is wrong with the database or its disk, if that is it."""
    unusable = as_unusable(error, home() / DATABASE)
    return INTERNAL_ERROR if unusable is None else str(unusable)


class _Conductor:
    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._targets = RunTargets(context)
        self._warnings = Warnings(context)
        self._firings: Firings | None = None  # until the engine is ready

    async def work(self) -> None:
        """Perform the run. Raises LiveburstError, or StoppedError once a firing was aborted."""
        context = self._context
        # The lab.toml may have changed while the run was queued.
        context.project.check(context.plan)
        if context.resources.home is not None:
            check_disk(context.resources.home)
        check_open_files(context.plan, context.resources.engines.processes)
        for message in open_file_warnings(context.plan, context.project):
            await context.warn(message)
        engine = await self._start()
        check = RoundCheck(context.plan)
        firings = Firings(context, engine, self._targets, self._warnings, check.take)
        self._firings = firings
        await Rounds(context, firings, self._targets, self._warnings, check).fire_all()
        await self._warnings.add_hints(self._targets, firings.statuses)

    async def stop_when(self, stop: asyncio.Event, work: asyncio.Task[None]) -> None:
        """Once `stop` is set, abort the firing in progress, or cancel `work` if there is none."""
        await stop.wait()
        if self._firings is None or not self._firings.stop():
            work.cancel()

    async def _start(self) -> Engine:
        """Start the targets and the engine at the same time, so that the first bar comes soon."""
        starting = asyncio.ensure_future(self._context.resources.engines.ready())
        try:
            for position, lane in enumerate(self._context.plan.lanes):
                await self._targets.of(position, lane)
        finally:
            engine = await starting
        return engine
