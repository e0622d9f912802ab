"""The warm-ups and rounds of a run, and which rounds are repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence

from dashboard.runs.conduct.firing.firings import Firings
from dashboard.runs.conduct.run_context import RunContext
from dashboard.runs.conduct.run_targets import RunTargets
from dashboard.runs.conduct.warnings.warnings import Warnings
from dashboard.runs.planning.time_limit import most_repeats
from dashboard.runs.reports.instrument import Reading, why_discarded

from .round_check import RoundCheck

ROUNDS_OF_A_START = 10  # then the targets are restarted


class Rounds:
    """Fires at every lane, round by round, each time in a random order from the plan's seed."""

    def __init__(
        self,
        context: RunContext,
        firings: Firings,
        targets: RunTargets,
        warnings: Warnings,
        check: RoundCheck,
    ) -> None:
        self._context = context
        self._plan = context.plan
        self._firings = firings
        self._targets = targets
        self._warnings = warnings
        self._check = check

    async def fire_all(self) -> None:
        """Warm up, then fire until the planned number of rounds counts.

        A round in which the host took CPU time or the load generator was late is discarded and
        repeated under a new number, so that its frames keep theirs. At most as many rounds are
        repeated as the plan has, or with a limit of time, as were counted, and at least three.
        """
        await self._warm_up()
        self._check.begin_rounds()
        order = random.Random(self._plan.seed)  # nosec B311 # noqa: S311 - to be repeatable is the point
        lanes = list(enumerate(self._plan.lanes))
        number = counted = 0
        while counted < self._plan.rounds:
            if counted and counted % ROUNDS_OF_A_START == 0:
                await self._restart_targets()
            number += 1
            order.shuffle(lanes)
            readings = [await self._firings.fire(*lane, number, self._plan.load) for lane in lanes]
            discarded_before = number - 1 - counted
            repeats = most_repeats(self._plan, counted)
            if self._check.disturbed(readings) and discarded_before < repeats:
                await self._discard_round(number, readings)
                continue
            counted += 1
            await self._warn_of(readings)
            if self._check.over_after_round():
                return

    async def _warm_up(self) -> None:
        for position, lane in enumerate(self._plan.lanes):
            await self._firings.warm_up(position, lane)

    async def _restart_targets(self) -> None:
        """Start each target again: no number of rounds averages out the effect of one start."""
        for server in self._targets.servers:
            await self._targets.discard(server)
        await self._warm_up()

    async def _discard_round(self, number: int, readings: Sequence[Reading]) -> None:
        reason = why_discarded(readings)
        await self._context.fanout.event({"event": "discarded", "round": number, "reason": reason})
        self._check.discard_round()

    async def _warn_of(self, readings: Sequence[Reading]) -> None:
        """Warn of what happened around the firings of a round that counts."""
        for reading in readings:
            await self._warnings.overflows(reading)
        for reading in readings:
            if reading.stolen:
                await self._warnings.steal(reading)
