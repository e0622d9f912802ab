"""The targets of one run: started when first asked for, and anew when one of them ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dashboard.project.model.service import target_name
from dashboard.runs.reports.results import WARM_UP_ROUND
from dashboard.runs.resources import Resources, Target
from dashboard.runs.sinks.fanout import Fanout
from dashboard.wire.errors import TargetFailed
from dashboard.wire.last_lines import with_telling_line
from dashboard.wire.plan import Lane, Plan

MOST_DEATHS = 3  # of targets in one run; a server that ends again and again is no lane


class RunTargets:
    """Each server's target, as long as the run lasts; the pool keeps them for the next run."""

    def __init__(self, plan: Plan, resources: Resources, fanout: Fanout) -> None:
        self._plan = plan
        self._pool = resources.targets
        self._fanout = fanout
        self._targets: dict[str, Target] = {}
        self._deaths = 0

    @property
    def servers(self) -> Iterable[str]:
        """Those that have a target now."""
        return tuple(self._targets)

    async def of(self, position: int, lane: Lane) -> Target:
        """The lane's target, started if need be; asked for once a run."""
        name = self.name_of(lane)
        if name not in self._targets:
            telling: list[asyncio.Task[None]] = []

            def tell(state: str, message: str) -> None:
                telling.append(asyncio.create_task(self._tell(position, state, message)))

            try:
                self._targets[name] = await self._pool.ready(
                    name, tell, self._plan.scenario, self._logs_in(name)
                )
            finally:
                await asyncio.gather(*telling)
        return self._targets[name]

    def name_of(self, lane: Lane) -> str:
        """Return how the pool calls the lane's target: by its server and what is its own."""
        variants = self._pool.project.scenarios[self._plan.scenario].variants
        return target_name(lane.server, variants[lane.variant].overrides)

    async def discard(self, server: str) -> None:
        """End it; whoever asks for it next has a new one."""
        await self._pool.discard(server)
        self._targets.pop(server, None)

    async def replace_ended(self, lane: Lane, number: int, failure: TargetFailed) -> None:
        """A target that ended while it was fired at: its rows stay, the next round has a new one.

        Raises the failure where it is the first thing that was fired, or one death too many.
        """
        self._deaths += 1
        if number == WARM_UP_ROUND or self._deaths > MOST_DEATHS:
            raise failure
        await self.discard(self.name_of(lane))
        died = with_telling_line(f"{failure}, and was started anew", failure.log_tail)
        message = f"{lane}, round {number}: {died}."
        await self._fanout.event({"event": "warning", "message": message, "spoils": True})

    def _logs_in(self, server: str) -> bool:
        """Return True if a variant that is fired at this server says `login = true`."""
        scenario = self._pool.project.scenarios[self._plan.scenario]
        return any(
            scenario.variants[lane.variant].login
            for lane in self._plan.lanes
            if self.name_of(lane) == server
        )

    async def _tell(self, position: int, state: str, message: str) -> None:
        await self._fanout.event(
            {"event": "target", "lane": position, "state": state, "message": message}
        )
