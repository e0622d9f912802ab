"""The targets of one run: started when first needed, and restarted after one of them ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from dashboard.project.model.service import target_name
from dashboard.runs.resources import Target
from dashboard.wire.errors import TargetFailed
from dashboard.wire.events import TargetState
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.last_lines import with_decisive_line
from dashboard.wire.plan.plan import Lane

from .run_context import RunContext

MOST_DEATHS = 3  # of targets in one run; a server that ends again and again cannot be measured


class RunTargets:
    """Each server's target for the length of a run; the pool keeps it warm for the next one."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._plan = context.plan
        self._pool = context.resources.targets
        self._targets: dict[str, Target] = {}
        self._deaths = 0

    @property
    def servers(self) -> Iterable[str]:
        """The names of the targets in use, as in the pool."""
        return tuple(self._targets)

    async def of(self, position: int, lane: Lane) -> Target:
        """Return the lane's target, starting it if needed. Raises TargetFailed."""
        name = self.name_of(lane)
        if name not in self._targets:
            sending: list[asyncio.Task[None]] = []

            def send(state: TargetState, message: str) -> None:
                sending.append(asyncio.create_task(self._send(position, state, message)))

            try:
                self._targets[name] = await self._pool.ready(
                    name, send, self._plan.scenario, self._logs_in(name)
                )
            finally:
                await asyncio.gather(*sending)
        return self._targets[name]

    def name_of(self, lane: Lane) -> str:
        """Return the pool's name for the lane's target: its server and what it does not share."""
        variants = self._pool.project.scenarios[self._plan.scenario].variants
        return target_name(lane.server, variants[lane.variant].overrides)

    async def discard(self, server: str) -> None:
        """End a target; the next `of` starts a new one."""
        await self._pool.discard(server)
        self._targets.pop(server, None)

    async def replace_ended(self, lane: Lane, number: int, failure: TargetFailed) -> None:
        """Discard a target that ended while under load, and warn: its samples stay.

        Raises `failure` in a warm-up, or after MOST_DEATHS.
        """
        self._deaths += 1
        if number == WARM_UP_ROUND or self._deaths > MOST_DEATHS:
            raise failure
        await self.discard(self.name_of(lane))
        why = with_decisive_line(f"{failure}, and was restarted", failure.log_tail)
        position = self._plan.lanes.index(lane)
        await self._context.warn(f"{lane}, round {number}: {why}.", spoils=position)

    def _logs_in(self, server: str) -> bool:
        """Return True if a variant that is fired at this server has `login = true`."""
        scenario = self._pool.project.scenarios[self._plan.scenario]
        return any(
            scenario.variants[lane.variant].login
            for lane in self._plan.lanes
            if self.name_of(lane) == server
        )

    async def _send(self, position: int, state: TargetState, message: str) -> None:
        await self._context.fanout.event(
            {"event": "target", "lane": position, "state": state, "message": message}
        )
