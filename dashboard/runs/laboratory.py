"""What one process (the dashboard, or a command) performs runs with, and the runs it owns."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context
from pathlib import Path

from asgiref.sync import sync_to_async

from dashboard.models import Calibration, Run, Status
from dashboard.targets.manifest import Project
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan import Plan

from . import line
from .calibration import calibrate, fresh_calibration
from .conductor import perform
from .equipment import Equipment
from .hub import Hub
from .results import report_on
from .sinks import Broadcast, Outcome, Sink, Store

LOCK_NAME = "run.lock"
LOOK_EVERY_S = 2.0  # whether the engine's calibration is missing or old

log = logging.getLogger(__name__)


class Laboratory:
    """Performs runs one at a time and keeps their tasks; lives as long as its process."""

    def __init__(self, equipment: Equipment, hub: Hub, home: Path) -> None:
        # Whether a run waits for a fresh calibration: for who fires once and is gone.
        self.calibrates_first = False
        self._equipment = equipment
        self.hub = hub
        self._lock_path = home / LOCK_NAME
        # The event loop keeps no strong reference to a task, so we do.
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._stops: dict[str, asyncio.Event] = {}

    @property
    def project(self) -> Project:
        """What can be fired at, as its lab.toml said when it was last read."""
        return self._equipment.targets.project

    async def prepare(self) -> None:
        """Have an engine at hand that knows itself, before somebody presses a button.

        Never returns: a calibration that has become old is made anew when nothing else goes on.
        """
        calibration = None
        while True:
            if calibration is None:
                calibration = await self.calibrate()
            await asyncio.sleep(LOOK_EVERY_S)
            calibration = calibration and await fresh_calibration()

    async def calibrate(self) -> Calibration | None:
        """Measure the engine itself, if nobody else wants the machine; None if somebody does.

        None as well where it could not be measured; the log says why.
        """
        async with line.if_free(self._lock_path) as free:
            return await self._calibrate() if free else None

    async def _calibrate(self) -> Calibration | None:
        try:
            engine = await self._equipment.engines.ready()
            return await calibrate(engine, self._equipment.null_server)
        except (LiveburstError, OSError) as error:
            log.error("The engine could not be calibrated: %s", error)
            return None

    async def start(self, plan: Plan, more_sinks: Sequence[Sink] = ()) -> Run:
        """Put a run into the line and see to it; returns at once."""
        run = await sync_to_async(line.join)(plan, self.project)
        self._stops[run.pk] = asyncio.Event()
        # A context of its own: the request's brings a thread for the database that ends with it.
        task = asyncio.create_task(self._see_to(run, plan, more_sinks), context=Context())
        self._tasks[run.pk] = task
        task.add_done_callback(lambda _: self._forget(run.pk))
        self.hub.tell_everybody({"event": "line"})
        return run

    async def outcome(self, run: Run) -> Outcome:
        """Wait for a run of ours to end, if it has not yet."""
        if run.pk in self._tasks:
            return await self._tasks[run.pk]
        await run.arefresh_from_db()
        return Outcome(Status(run.status), run.problem, run.log_tail)

    def owns(self, run: Run) -> bool:
        """Whether this laboratory performs the run, or will."""
        return run.pk in self._stops

    async def stop(self, run: Run) -> None:
        """Stop a run or take it out of the line, whichever process it belongs to."""
        taken_out = await sync_to_async(line.take_out)(run)
        if self.owns(run):
            self._stops[run.pk].set()  # in any case: its turn may come at this very moment
        elif not taken_out:
            await sync_to_async(line.interrupt_owner)(run)
        if taken_out:
            self.hub.tell(run.pk, {"event": "finished", "status": Status.STOPPED})
            self.hub.tell_everybody({"event": "line"})

    async def close(self) -> None:
        """Stop what runs and end every target."""
        for stop in self._stops.values():
            stop.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._equipment.engines.close()
        await self._equipment.targets.stop()

    async def _see_to(self, run: Run, plan: Plan, more_sinks: Sequence[Sink]) -> Outcome:
        sinks: list[Sink] = [Store(run, report_on), Broadcast(run.pk, self.hub), *more_sinks]
        try:
            async with line.turn(run, self._lock_path):
                if self.calibrates_first and not await fresh_calibration():
                    await self._calibrate()
                return await perform(plan, self._equipment, sinks, self._stops[run.pk])
        except line.TakenOut as error:
            return Outcome(Status.STOPPED, str(error))

    def _forget(self, run: str) -> None:
        task = self._tasks.pop(run)
        del self._stops[run]
        if not task.cancelled() and (error := task.exception()):
            log.error("Run %s ended by a fault of our own", run, exc_info=error)
