"""*Sample* at lanes of a run that has ended: in its turn in the queue, stored with the run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial

from asgiref.sync import sync_to_async

from dashboard.models import ACTIVE, LaneSamples, Run, Sampling, Status
from dashboard.project.project import Project
from dashboard.runs.advice.advised import advised_report_on
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.queue.run_queue import enqueue_sampling, mark_interrupted
from dashboard.runs.sinks.sink import Outcome, Store
from dashboard.wire.errors import LiveburstError
from dashboard.wire.events import SampledEvent
from dashboard.wire.plan.plan import Plan

from .lane_sampler import LaneSampler, NotSampled, failure_text

STOPPING = "stopping"

log = logging.getLogger(__name__)


class RunSampler:
    """Samples lanes of stored runs in their turn, with the laboratory of this process."""

    def __init__(self, laboratory: Laboratory, sampler: LaneSampler | None = None) -> None:
        self._laboratory = laboratory
        self._sampler = sampler or LaneSampler(laboratory.resources)
        self._steps: dict[str, str] = {}  # of active samplings, by their ids

    async def start(self, run: Run, lanes: Sequence[str]) -> Sampling:
        """Put the sampling of these lanes into the queue, unless the run has one that is active.

        Raises LiveburstError if the run is not of this project as it is now, or has no such lane.
        """
        await sync_to_async(mark_interrupted)()
        active = await Sampling.objects.filter(run=run, status__in=ACTIVE).afirst()
        if active is not None:
            return active
        plan, project = self._checked(run)
        positions = [at for at, lane in enumerate(plan.lanes) if str(lane) in lanes]
        if not positions:
            raise NotSampled("None of these lanes is in the run.")
        entry = await sync_to_async(enqueue_sampling)(plan.scenario, project, run)
        task = self._laboratory.sampling(entry, partial(self._perform, entry.pk, run, positions))
        # Not earlier: between the end of its work and that of the entry, it would have no step.
        task.add_done_callback(lambda _: self._steps.pop(entry.pk, None))
        return entry

    async def stop(self, entry: Sampling) -> None:
        """Stop a sampling, or remove it from the queue: what it has sampled stays."""
        if entry.active:
            if self._laboratory.owns(entry) and entry.status != Status.WAITING:
                self._steps[entry.pk] = STOPPING
            await self._laboratory.stop(entry)

    def step_of(self, entry: Sampling) -> str:
        """Return what a sampling of this process does now, in words; empty if that is unknown."""
        return self._steps.get(entry.pk, "")

    async def _perform(self, entry: str, run: Run, positions: Sequence[int]) -> Outcome:
        """Sample lanes of a run, one after the other; it fails if none could be sampled."""
        try:
            failures = await self._sample_all(entry, run, positions)
        except LiveburstError as error:
            return _failed(error)
        all_failed = len(failures) == len(positions)
        return _failed(failures[-1]) if all_failed else Outcome(Status.FINISHED)

    async def _sample_all(
        self, entry: str, run: Run, positions: Sequence[int]
    ) -> list[LiveburstError]:
        """Sample and store each lane; return why some failed. Stopped, it keeps what there is.

        The run's report is computed again, so that causes and advice get their lines.
        """
        plan, project = self._checked(run)
        failures, sampled = list[LiveburstError](), list[int]()
        try:
            for position in positions:
                failure = await self._sample(entry, run, plan, position, project)
                if failure is not None:
                    failures.append(failure)
                else:
                    sampled.append(position)
        finally:
            if sampled:
                await self._report_again(run)
            for position in sampled:
                self._laboratory.hub.send(run.pk, {"event": "sampled", "lane": position})
        return failures

    def _checked(self, run: Run) -> tuple[Plan, Project]:
        """Return the plan of a run and the project; raises LiveburstError unless they fit."""
        plan, project = Plan.from_json(run.plan), self._laboratory.project
        if run.project != project.name:
            expected = f"expected a run of the project {project.name}, found {run.project}"
            raise NotSampled(f"{expected}. Start the dashboard with its lab.toml.")
        project.check(plan)
        return plan, project

    async def _sample(
        self, entry: str, run: Run, plan: Plan, position: int, project: Project
    ) -> LiveburstError | None:
        """Sample one lane and store the result; return why that failed, None if it did not."""
        lane = plan.lanes[position]

        def show(step: str) -> None:
            self._steps[entry] = f"{lane}: {step}"

        try:
            where = await self._sampler.sample(plan, position, project, on_step=show)
        except (LiveburstError, OSError) as error:
            failure = error if isinstance(error, LiveburstError) else NotSampled(str(error))
            await self._store_failure(run, position, failure)
            return failure
        await self._store(run, {"event": "sampled", "lane": position, "where": where})
        return None

    async def _store_failure(self, run: Run, position: int, failure: LiveburstError) -> None:
        """Store why a lane could not be sampled, unless it was sampled before."""
        of_lane = LaneSamples.objects.filter(lane__run=run, lane__position=position)
        if not await of_lane.filter(where__isnull=False).aexists():
            missing = failure_text(failure)
            await self._store(run, {"event": "sampled", "lane": position, "missing": missing})

    async def _store(self, run: Run, event: SampledEvent) -> None:
        if not await Run.objects.filter(pk=run.pk).aexists():
            raise NotSampled("The run was deleted meanwhile.")
        await Store(run, advised_report_on(self._laboratory.project)).event(event)

    async def _report_again(self, run: Run) -> None:
        """Store the run's report as it is with the lines of its causes."""
        stored = await Run.objects.filter(pk=run.pk).afirst()
        if stored is None:
            return
        try:
            report = await advised_report_on(self._laboratory.project)(stored)
        except Exception:  # what an older version stored: its report stays as it is
            log.exception("The report of %s could not be computed again", run.pk)
            return
        await Run.objects.filter(pk=run.pk).aupdate(report=report)


def _failed(error: LiveburstError) -> Outcome:
    return Outcome(Status.FAILED, str(error), str(getattr(error, "log_tail", None) or ""))
