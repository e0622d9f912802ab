"""The context that each part of a run gets when the run starts; it never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from dashboard.project.model.scenario import Variant
from dashboard.project.project import Project
from dashboard.runs.resources import Resources
from dashboard.runs.sinks.fanout import Fanout
from dashboard.runs.sinks.sink import Sink
from dashboard.wire.plan.plan import Lane, Plan
from dashboard.wire.report.target_facts import TargetFacts


@dataclass(frozen=True)
class RunContext:
    """The plan of a run, what it runs with, and where its events go.

    `project` is the lab.toml as read when the run started; the pool of targets may read it again.
    """

    plan: Plan
    resources: Resources
    fanout: Fanout
    project: Project

    @classmethod
    def of(cls, plan: Plan, resources: Resources, sinks: Sequence[Sink]) -> Self:
        """Return the context of a run that starts now."""
        return cls(plan, resources, Fanout(sinks), resources.targets.project)

    def variant(self, lane: Lane) -> Variant:
        """Return the variant that a lane fires at."""
        return self.project.scenarios[self.plan.scenario].variants[lane.variant]

    def place(self, position: int, round: int) -> str:
        """Return *LANE, round N*, as warnings begin."""
        return f"{self.plan.lanes[position]}, round {round}"

    async def warn(self, message: str, *, spoils: int | None = None) -> None:
        """Send a warning to the sinks; there is no verdict on the lane at position `spoils`."""
        spoiled = spoils is not None
        await self.fanout.event({"event": "warning", "message": message, "spoils": spoiled})
        if spoils is not None:
            await self.add_facts(spoils, {"fault": message})

    async def add_facts(self, position: int, facts: TargetFacts) -> None:
        """Send facts about a lane that were found while it was measured."""
        await self.fanout.event({"event": "found", "lane": position, "facts": facts})
