"""One sampled firing of one lane: in a target of its own, and its frames are dropped.

The load and the warm-up are those of a round. There is no bystander, whose requests would be looked
at as well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import Final

from dashboard.analysis.where.bounds import bounded
from dashboard.analysis.where.lane_where import lane_where
from dashboard.analysis.where.source import ProjectSource
from dashboard.project.project import Project
from dashboard.project.secrets.masking import all_masked, masked
from dashboard.runs.conduct.firing.firings import WARM_UP_REQUESTS
from dashboard.runs.conduct.firing.make_firing import make_firing
from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.resources import Engine, Resources, SampledTarget, Target
from dashboard.runs.sinks.fanout import Fanout
from dashboard.wire import frame
from dashboard.wire.errors import LiveburstError, TargetFailed
from dashboard.wire.failure import Failure
from dashboard.wire.frame import WARM_UP_ROUND
from dashboard.wire.last_lines import with_decisive_line
from dashboard.wire.plan.plan import Burst, Firing, Load, Plan
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.traces.looks import Looks

FIRING_S: Final = 30.0  # a longer load is cut off: what was seen until then is enough
WARM_UP_S: Final = 10.0
QUIET_S: Final = 5.0
LANE_S: Final = 120.0  # all of it, the target's start included

NO_TARGETS = "This process cannot start a target to be sampled."

OnStep = Callable[[str], None]  # called with what is done now, in words


def ignore_step(step: str) -> None:
    """Do nothing: the steps are not shown."""


class NotSampled(LiveburstError):
    """A lane that cannot be sampled, or was not within the time for it."""


def failure_text(error: Exception) -> str:
    """Return why a lane was not sampled, as a sentence, with the decisive line of a log."""
    text = (str(error) or type(error).__name__).removesuffix(".")
    if isinstance(error, TargetFailed):
        text = with_decisive_line(text, error.log_tail).removesuffix(".")
    return masked(f"{text}.")


@dataclass
class _Fired:
    """What came of a firing: its requests, and how many of them succeeded."""

    requests: int = 0
    succeeded: int = 0
    cut_off: bool = False

    def take(self, data: frame.Frame) -> None:
        """Count the samples of a frame."""
        if data.kind == "samples":
            self.requests += data.rows
            self.succeeded += sum(1 for error in data.columns["error"] if error == Failure.NONE)

    @property
    def limits(self) -> list[str]:
        """What must be known to read the looks."""
        limits = []
        if self.cut_off:
            limits.append(f"The sampled firing was cut off after {FIRING_S:g} s.")
        if self.requests and not self.succeeded:
            limits.append("Not one request of the sampled firing succeeded.")
        return limits


class LaneSampler:
    """Samples lanes, one at a time; the caller makes sure that nothing else is fired."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def refusal(self, plan: Plan, position: int, project: Project) -> str | None:
        """Return why a lane cannot be sampled, as a sentence; None if it can."""
        server = project.server(plan.lanes[position].server)
        if server.url is not None:
            return f"{server.name} was not started by Liveburst, so its code cannot be looked at."
        lane = plan.lanes[position]
        if project.scenarios[plan.scenario].variants[lane.variant].websocket:
            return "A websocket is messages on a connection, which are no requests to look at."
        return None

    async def sample(
        self,
        plan: Plan,
        position: int,
        project: Project,
        *,
        prepared: bool = False,
        on_step: OnStep = ignore_step,
    ) -> LaneWhere:
        """Fire at a lane in a target of its own and return where its time was spent.

        `prepared`: the project's set-up commands were run already, as for the targets of a run.
        Raises LiveburstError or OSError if the target or the load generator fails, NotSampled if
        that takes too long or the lane cannot be sampled.
        """
        sampled_target = self._resources.sampled_target
        if (refusal := self.refusal(plan, position, project)) or sampled_target is None:
            raise NotSampled(refusal or NO_TARGETS)
        context = RunContext(plan, self._resources, Fanout(()), project)
        lane = plan.lanes[position]
        starting = sampled_target(project, plan.scenario, lane, prepared=prepared, on_step=on_step)
        async with AsyncExitStack() as ended_in_any_case:  # the end itself is not cut off
            try:
                async with asyncio.timeout(LANE_S):
                    sampled = await ended_in_any_case.enter_async_context(starting)
                    on_step("firing, sampled")
                    return await self._sample(context, position, sampled)
            except TimeoutError:
                raise NotSampled(f"It took longer than {LANE_S:g} s.") from None

    async def _sample(
        self, context: RunContext, position: int, sampled: SampledTarget
    ) -> LaneWhere:
        plan, engine = context.plan, await self._resources.engines.ready()
        firing = _firing(context, sampled.target, position, WARM_UP_ROUND, _warm_up(plan.load))
        await self._fire(engine, sampled.target, firing, WARM_UP_S)
        firing = _firing(context, sampled.target, position, WARM_UP_ROUND + 1, plan.load)
        start_ns = time.monotonic_ns()
        fired = await self._fire(engine, sampled.target, firing, FIRING_S)
        if sampled.target.failure is not None:
            raise sampled.target.failure
        looks = await sampled.looks(start_ns, time.monotonic_ns())
        lane, source = str(plan.lanes[position]), ProjectSource(sampled.served_from)
        return await asyncio.to_thread(_folded, looks, lane, source, fired.limits)

    async def _fire(self, engine: Engine, target: Target, firing: Firing, most_s: float) -> _Fired:
        """Fire, for so many seconds at most, and wait until the target is quiet."""
        number, fired = next(self._resources.firing_numbers), _Fired()

        def cut_off() -> None:
            fired.cut_off = True
            engine.stop()

        await target.begin(number)
        alarm = asyncio.get_running_loop().call_later(most_s, cut_off)
        try:
            async for payload in engine.fire(firing):
                if not frame.is_event(payload):
                    fired.take(frame.decode(payload))
        except asyncio.CancelledError:
            engine.stop()  # it is in the middle of a firing that nothing waits for
            raise
        finally:
            alarm.cancel()
        await target.end(number, quiet_timeout_s=QUIET_S)
        return fired


def _folded(looks: Looks, lane: str, source: ProjectSource, limits: Sequence[str]) -> LaneWhere:
    """Return where the time was spent, bounded, with secrets in lines of source masked."""
    where = lane_where(looks, lane, source)
    sampler = where["sampler"]
    where = {**where, "sampler": {**sampler, "limits": [*sampler["limits"], *limits]}}
    result: LaneWhere = all_masked(bounded(where))
    return result


def _warm_up(load: Load) -> Burst:
    requests = min(load.requests, load.concurrency, WARM_UP_REQUESTS)
    return Burst(requests, requests)


def _firing(context: RunContext, target: Target, position: int, number: int, load: Load) -> Firing:
    firing = make_firing(context, target, position, number, load)
    return replace(firing, bystander_path=None)
