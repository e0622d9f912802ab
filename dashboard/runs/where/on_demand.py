"""*Where?* at lanes of a run that has ended: sampled in its turn, stored with the run."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from dashboard.models import LaneSamples, Run
from dashboard.project.project import Project
from dashboard.runs.advice.advised import advised_report_on
from dashboard.runs.queue.laboratory import LOCK_NAME, Laboratory
from dashboard.runs.queue.run_queue import when_free
from dashboard.runs.sinks.sink import Store
from dashboard.wire.errors import LiveburstError
from dashboard.wire.events import SampledEvent
from dashboard.wire.plan.plan import Plan

from .lane_sampler import LaneSampler, NotSampled, OnStep, failure_text

PATIENCE_S: Final = 3.0  # a run that has just finished releases the machine a moment later

log = logging.getLogger(__name__)


class RunSampler:
    """Samples lanes of stored runs, one after the other, with the laboratory of this process."""

    def __init__(self, laboratory: Laboratory, home: Path) -> None:
        self._laboratory = laboratory
        self._sampler = LaneSampler(laboratory.resources)
        self._lock_path = home / LOCK_NAME

    async def sample_if_free(self, run: Run, lanes: Sequence[str], on_step: OnStep) -> bool:
        """Sample lanes of a run and store the results; return False if the machine is in use.

        The run's report is computed again, so that causes and advice get their lines. Raises
        LiveburstError if the run is not of this project as it is now, or if no lane was sampled.
        """
        plan, project = self._checked(run)
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    await turn.enter_async_context(when_free(self._lock_path))
            except TimeoutError:
                return False
            positions = [at for at, lane in enumerate(plan.lanes) if str(lane) in lanes]
            results = [
                await self._sample(run, plan, position, project, on_step) for position in positions
            ]
        failures = [failure for failure in results if failure is not None]
        if len(failures) == len(positions):
            raise failures[-1] if failures else NotSampled("None of these lanes is in the run.")
        await self._report_again(run)
        for position in positions:
            self._laboratory.hub.send(run.pk, {"event": "sampled", "lane": position})
        return True

    def _checked(self, run: Run) -> tuple[Plan, Project]:
        """Return the plan of a run and the project; raises LiveburstError unless they fit."""
        plan, project = Plan.from_json(run.plan), self._laboratory.project
        if run.project != project.name:
            expected = f"expected a run of the project {project.name}, found {run.project}"
            raise NotSampled(f"{expected}. Start the dashboard with its lab.toml.")
        project.check(plan)
        return plan, project

    async def _sample(
        self, run: Run, plan: Plan, position: int, project: Project, on_step: OnStep
    ) -> LiveburstError | None:
        """Sample one lane and store the result; return why that failed, None if it did not."""
        lane = plan.lanes[position]
        try:
            where = await self._sampler.sample(
                plan, position, project, on_step=lambda step: on_step(f"{lane}: {step}")
            )
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
