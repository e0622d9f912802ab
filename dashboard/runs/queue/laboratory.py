"""Performs the runs of one process: the dashboard, or a command."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from asgiref.sync import sync_to_async
from django.db import DatabaseError
from django.utils.timezone import now

from dashboard.models import Calibration, Experiment, Run, Sampling, Status
from dashboard.project.project import Project
from dashboard.runs.advice.advised import advised_report_on
from dashboard.runs.conduct.conductor import AfterRun, SendEvent, failure_of, perform
from dashboard.runs.engines.calibration import calibrate, fresh_calibration
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.prediction import Prediction
from dashboard.runs.resources import Resources
from dashboard.runs.sinks.sink import Broadcast, Outcome, Sink, Store
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.advice import AdviceUnderTest

from . import run_queue
from .experiment import ExperimentPlan, Step, Steps, conduct

LOCK_NAME = "run.lock"
LOOK_EVERY_S = 2.0  # at the calibration: it may be missing or old
CLOSING_S = 1.0  # for the ends of runs that could not be stored at once

Work: TypeAlias = Callable[[], Coroutine[Any, Any, Outcome]]

log = logging.getLogger(__name__)


class RunInspector(Protocol):
    """Inspects the lanes of a run after its last round; implemented by `auto_xray.AutoXray`."""

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        """Send the results by `send`."""


@contextmanager
def _logged() -> Iterator[None]:
    """Log the failure of a background calibration: runs go on without one."""
    try:
        yield
    except (LiveburstError, OSError, DatabaseError) as error:
        log.error("The engine could not be calibrated: %s", error)


class Laboratory:
    """Performs runs one at a time and keeps their tasks; lives as long as its process.

    `tracer` inspects the runs of experiments whose step is traced, `inspector` all other runs.
    `calibrates_first`: a run waits for a fresh calibration of the engine, for processes that
    perform one run and end.
    """

    def __init__(
        self,
        resources: Resources,
        hub: Hub,
        home: Path,
        inspector: RunInspector | None = None,
        *,
        tracer: RunInspector | None = None,
        calibrates_first: bool = False,
    ) -> None:
        self._calibrates_first = calibrates_first
        self._resources = resources
        self._inspector = inspector
        self._tracer = tracer
        self.hub = hub
        self._lock_path = home / LOCK_NAME
        # The event loop keeps no strong reference to a task, so we do.
        self._tasks: dict[str, asyncio.Task[Outcome]] = {}
        self._stops: dict[str, asyncio.Event] = {}
        self._ending: set[asyncio.Task[None]] = set()

    @property
    def project(self) -> Project:
        """The project under load, as its lab.toml was last read."""
        return self._resources.targets.project

    @property
    def resources(self) -> Resources:
        """What runs are performed with, for what fires while the queue is empty."""
        return self._resources

    def expected_start_s(self, server: str) -> float | None:
        """Return how long a server will take to start: 0 if it is warm, None if unknown."""
        return self._resources.targets.expected_start_s(server)

    async def keep_calibrated(self) -> None:
        """Keep an engine and a fresh calibration ready, so that a run need not wait for them.

        Never returns: an old calibration is replaced as soon as the queue is empty.
        """
        calibration = None
        while True:
            if calibration is None:
                with _logged():
                    calibration = await self.calibrate()
            await asyncio.sleep(LOOK_EVERY_S)
            with _logged():
                calibration = calibration and await fresh_calibration()

    async def calibrate(self) -> Calibration | None:
        """Calibrate the engine if the queue is empty; return None if it is not.

        Raises LiveburstError or OSError if that fails.
        """
        async with run_queue.if_free(self._lock_path) as free:
            return await self._calibrate() if free else None

    async def _calibrate(self) -> Calibration:
        engine = await self._resources.engines.ready()
        return await calibrate(engine, self._resources.null_server)

    async def start(
        self,
        plan: Plan,
        more_sinks: Sequence[Sink] = (),
        *,
        claim: str = "",
        guess: Prediction | None = None,
        tested_advice: AdviceUnderTest | None = None,
    ) -> Run:
        """Put a run into the queue and return it; it is performed when its turn comes."""
        run = await sync_to_async(run_queue.enqueue)(
            plan, self.project, claim=claim, guess=guess, tested_advice=tested_advice
        )
        self._keep_task(run, self._perform_in_turn(run, plan, more_sinks))
        return run

    async def experiment(self, plan: ExperimentPlan, more_sinks: Sequence[Sink] = ()) -> Experiment:
        """Put an experiment into the queue and return it; its runs share one place.

        `more_sinks` receive each of its runs.
        """
        enqueue = sync_to_async(run_queue.enqueue_experiment)
        experiment = await enqueue(plan.kind, plan.title, plan.question, self.project)
        self._keep_task(experiment, self._conduct_in_turn(experiment, plan.steps, more_sinks))
        return experiment

    def sampling(self, entry: Sampling, work: Work) -> asyncio.Task[Outcome]:
        """Do the work of a queued sampling in its turn; stopping the entry cancels the work.

        Return the task, which ends with the entry.
        """
        return self._keep_task(entry, self._work_in_turn(entry, work))

    def _keep_task(
        self, entry: run_queue.QueueEntry, work: Coroutine[Any, Any, Outcome]
    ) -> asyncio.Task[Outcome]:
        self._stops[entry.pk] = asyncio.Event()
        # An empty context: the request's has a thread for the database that ends with the request.
        task = asyncio.create_task(work, context=Context())
        self._tasks[entry.pk] = task
        task.add_done_callback(lambda _: self._forget(entry))
        self.hub.send_to_all({"event": "line"})
        return task

    async def outcome(self, entry: run_queue.QueueEntry) -> Outcome:
        """Wait for an entry of this process to end, and return how it ended."""
        if entry.pk in self._tasks:
            return await self._tasks[entry.pk]
        await entry.arefresh_from_db()
        log_tail = "" if isinstance(entry, Experiment) else entry.log_tail
        return Outcome(Status(entry.status), entry.problem, log_tail)

    def owns(self, entry: run_queue.QueueEntry) -> bool:
        """Return True if this laboratory performs the entry, now or later."""
        return entry.pk in self._stops

    async def stop(self, entry: run_queue.QueueEntry) -> None:
        """Stop an entry or remove it from the queue, whichever process owns it.

        A run of an experiment cannot be stopped alone: the next one would begin at once.
        """
        removed = await sync_to_async(run_queue.remove)(entry)
        if self.owns(entry):
            self._stops[entry.pk].set()  # in any case: its turn may come at this very moment
        elif not removed:
            await sync_to_async(run_queue.interrupt_owner)(entry)
        if removed:
            self.hub.send(entry.pk, {"event": "finished", "status": Status.STOPPED})
            self.hub.send_to_all({"event": "line"})

    async def close(self) -> None:
        """Stop every run, and end the engine and the targets."""
        for stop in self._stops.values():
            stop.set()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._ending:  # what is not stored by then, the next start marks as interrupted
            await asyncio.wait(self._ending, timeout=CLOSING_S)
        for ending in self._ending:
            ending.cancel()
        self._resources.engines.close()
        await self._resources.targets.stop()

    async def _perform_in_turn(self, run: Run, plan: Plan, more_sinks: Sequence[Sink]) -> Outcome:
        try:
            async with run_queue.turn(run, self._lock_path):
                await self._calibrate_first()
                return await self._perform(
                    run, plan, more_sinks, self._inspection_of(run, plan, self._inspector)
                )
        except run_queue.RemovedFromQueue as error:
            return Outcome(Status.STOPPED, str(error))

    async def _perform(
        self,
        run: Run,
        plan: Plan,
        more_sinks: Sequence[Sink] = (),
        after_run: AfterRun | None = None,
    ) -> Outcome:
        store = Store(run, advised_report_on(self.project))
        sinks: list[Sink] = [store, Broadcast(run.pk, self.hub), *more_sinks]
        return await perform(plan, self._resources, sinks, self._stops[run.pk], after_run)

    def _inspection_of(
        self, run: Run, plan: Plan, inspector: RunInspector | None
    ) -> AfterRun | None:
        return None if inspector is None else partial(inspector.inspect, run, plan, self.project)

    async def _conduct_in_turn(
        self, experiment: Experiment, steps: Steps, more_sinks: Sequence[Sink]
    ) -> Outcome:
        """Perform every run of the experiment in one turn."""
        try:
            async with run_queue.turn(experiment, self._lock_path):
                await self._calibrate_first()
                await self._update(experiment, status=Status.RUNNING)
                fire = partial(self._fire, experiment, count(), more_sinks)
                outcome = await conduct(steps, fire, self._stops[experiment.pk])
                await self._update(
                    experiment, status=outcome.status, problem=outcome.problem, ended=now()
                )
                return outcome
        except run_queue.RemovedFromQueue as error:
            return Outcome(Status.STOPPED, str(error))

    async def _work_in_turn(self, entry: Sampling, work: Work) -> Outcome:
        """Do the work of an entry in its turn, until it ends or is stopped."""
        try:
            async with run_queue.turn(entry, self._lock_path):
                await self._update(entry, status=Status.RUNNING)
                outcome = await until_stopped(work(), self._stops[entry.pk])
                how = {"problem": outcome.problem, "log_tail": outcome.log_tail, "ended": now()}
                await self._update(entry, status=outcome.status, **how)
                return outcome
        except run_queue.RemovedFromQueue as error:
            return Outcome(Status.STOPPED, str(error))

    async def _fire(
        self,
        experiment: Experiment,
        positions: Iterator[int],
        more_sinks: Sequence[Sink],
        step: Step,
    ) -> Run:
        """Perform one run of an experiment; stopping the experiment stops it."""
        run = await sync_to_async(run_queue.enqueue)(
            step.plan,
            self.project,
            experiment=experiment,
            position=next(positions),
            label=step.label,
            claim=step.claim,
        )
        self._stops[run.pk] = self._stops[experiment.pk]
        try:
            tracer = self._tracer if step.traced else None
            inspection = self._inspection_of(run, step.plan, tracer)
            await self._perform(run, step.plan, more_sinks, inspection)
        finally:
            del self._stops[run.pk]
        return run

    async def _update(self, entry: Experiment | Sampling, **fields: Any) -> None:
        """Store fields of an entry, unless it was deleted meanwhile."""
        for name, value in fields.items():
            setattr(entry, name, value)
        await type(entry).objects.filter(pk=entry.pk).aupdate(**fields)
        self.hub.send_to_all({"event": "line"})

    async def _calibrate_first(self) -> None:
        if self._calibrates_first and not await fresh_calibration():
            with _logged():
                await self._calibrate()

    def _forget(self, entry: run_queue.QueueEntry) -> None:
        task = self._tasks.pop(entry.pk)
        del self._stops[entry.pk]
        if not task.cancelled() and (error := task.exception()):
            log.error("%s ended because of an internal error", entry.pk, exc_info=error)
            ending = asyncio.create_task(self._end_as_failed(entry, failure_of(error)))
            self._ending.add(ending)
            ending.add_done_callback(self._ending.discard)

    async def _end_as_failed(self, entry: run_queue.QueueEntry, problem: str) -> None:
        """Store that an entry failed whose end could not be stored, as soon as that is possible.

        Until then it is the first of the queue: no other run could be stored either.
        """
        while True:
            try:
                await sync_to_async(run_queue.mark_failed)(entry, problem)
                break
            except DatabaseError as error:
                log.error("The end of %s cannot be stored: %s", entry.pk, error)
            await asyncio.sleep(LOOK_EVERY_S)
        self.hub.send(entry.pk, {"event": "finished", "status": Status.FAILED})
        self.hub.send_to_all({"event": "line"})


async def until_stopped(work: Coroutine[Any, Any, Outcome], stop: asyncio.Event) -> Outcome:
    """Return the outcome of the work; once it is to stop, cancel it and wait until it has ended."""
    working, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return await working
    finally:
        stopping.cancel()
        working.cancel()
        await asyncio.wait({working})
    return Outcome(Status.STOPPED) if working.cancelled() else await working
