"""The sampled firings after the rounds of a run, if its plan has them."""

from __future__ import annotations

from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.conduct.conductor import SendEvent
from dashboard.wire.errors import LiveburstError
from dashboard.wire.events import SampledEvent
from dashboard.wire.plan.plan import Plan

from .lane_sampler import LaneSampler, failure_text


class AutoWhere:
    """Samples each lane of a run once its rounds were fired."""

    def __init__(self, sampler: LaneSampler) -> None:
        self._sampler = sampler

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        """Sample each lane; a failure becomes a warning of the run."""
        if not plan.where:
            return
        for position in range(len(plan.lanes)):
            if (refusal := self._sampler.refusal(plan, position, project)) is not None:
                await send({"event": "sampled", "lane": position, "missing": refusal})
                continue
            message = "Firing once more, sampled."
            await send({"event": "target", "lane": position, "state": "inside", "message": message})
            await send(await self._sampled(plan, position, project, send))

    async def _sampled(
        self, plan: Plan, position: int, project: Project, send: SendEvent
    ) -> SampledEvent:
        try:
            where = await self._sampler.sample(plan, position, project, prepared=True)
        except (LiveburstError, OSError) as error:
            reason = failure_text(error)
            message = f"{plan.lanes[position]}: it could not be sampled: {reason}"
            await send({"event": "warning", "message": message})
            return {"event": "sampled", "lane": position, "missing": reason}
        return {"event": "sampled", "lane": position, "where": where}
