"""An X-ray after a run: one request of each lane whose difference has no other cause, or of each.

It is traced in a target of its own, never in a timed one. The result is stored with the
run, among the facts of the lane, and is evidence for its verdict.
"""

from __future__ import annotations

import asyncio

from dashboard.analysis.causes.unexplained import unexplained_lanes
from dashboard.analysis.xray.parts import chain, view_query_ns
from dashboard.models import Run
from dashboard.project.project import Project
from dashboard.runs.conduct.conductor import SendEvent
from dashboard.runs.reports.results import report_on
from dashboard.wire.errors import InvalidPlan, LiveburstError
from dashboard.wire.plan.plan import Lane, Plan
from dashboard.wire.report.target_facts import XrayFacts
from dashboard.wire.units import NS_PER_MS

from .traced_request import RequestTracer, XrayResult, make_subject

MOST_S = 10.0  # for one lane: the verdict waits no longer


class _LaneXray:
    """Traces one request of a lane after a run, and sends what it showed."""

    def __init__(self, xrays: RequestTracer) -> None:
        self._xrays = xrays

    async def inspect_lane(
        self, position: int, plan: Plan, project: Project, send: SendEvent
    ) -> None:
        """Trace one request; a failure becomes a warning of the run."""
        lane = plan.lanes[position]
        message = "Tracing one more request."
        await send({"event": "target", "lane": position, "state": "inside", "message": message})
        try:
            async with asyncio.timeout(MOST_S):
                result = await self._trace(plan, lane, project)
        except (LiveburstError, OSError, TimeoutError) as error:
            why = str(error) or f"it took longer than {MOST_S:g} s"
            message = f"{lane}: no request could be traced: {why}"
            await send({"event": "warning", "message": message})
            return
        if result is not None:
            await send({"event": "found", "lane": position, "facts": {"xray": xray_facts(result)}})

    async def _trace(self, plan: Plan, lane: Lane, project: Project) -> XrayResult | None:
        """Return the X-ray of a lane; None if it cannot be traced: its server is external."""
        try:
            subject = make_subject(
                project,
                scenario=plan.scenario,
                lane=str(lane),
                parameters=plan.parameters,
                timeout_s=min(plan.timeout_s, MOST_S),
            )
        except InvalidPlan:
            return None
        return await self._xrays.trace(subject, prepared=True)


class AutoXray(_LaneXray):
    """Traces one request of each lane of a run whose difference nothing else explains."""

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        """Trace one request of each such lane."""
        if len(plan.lanes) == 1:  # no difference to explain, and a large report is expensive
            return
        for position in unexplained_lanes(await report_on(run)):
            await self.inspect_lane(position, plan, project, send)


class EveryLaneXray(_LaneXray):
    """Traces one request of each lane of a run, for a step that needs to know what is inside."""

    async def inspect(self, run: Run, plan: Plan, project: Project, send: SendEvent) -> None:
        """Trace one request of each lane."""
        for position in range(len(plan.lanes)):
            await self.inspect_lane(position, plan, project, send)


def xray_facts(result: XrayResult) -> XrayFacts:
    """Return what is stored of an X-ray: its sentence, its counts, and where hops queued."""
    xray = result.xray
    return {
        "sentence": result.sentence,
        "hops": len(xray.hops),
        "threads_started": xray.threads_started,
        "queries": xray.queries,
        "length_ms": xray.length_ns / NS_PER_MS,
        "serialised": result.evidence,
        "view_query_ms": view_query_ns(xray) / NS_PER_MS,
        "middleware": len(chain(xray)),
    }
