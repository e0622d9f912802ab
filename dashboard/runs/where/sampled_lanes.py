"""Sampled firings that belong to no run: at each lane of a plan, one after the other."""

from __future__ import annotations

from dashboard.project.project import Project
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.where import WhereReport

from .lane_sampler import LaneSampler, OnStep, failure_text


async def sample_lanes(
    sampler: LaneSampler, plan: Plan, project: Project, on_step: OnStep
) -> WhereReport:
    """Sample each lane of a plan now; the caller makes sure that no run is active.

    A lane that cannot be sampled is in `missing`, with the reason and, if its target failed, the
    decisive line of its log.
    """
    report: WhereReport = {"lanes": [], "missing": {}}
    for position, lane in enumerate(plan.lanes):

        def show(step: str, name: str = str(lane)) -> None:
            on_step(f"{name}: {step}")

        try:
            where = await sampler.sample(
                plan, position, project, prepared=bool(report["lanes"]), on_step=show
            )
        except (LiveburstError, OSError) as error:
            report["missing"][str(lane)] = failure_text(error)
        else:
            report["lanes"].append(where)
    return report
