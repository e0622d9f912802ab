"""Ends a run until certain within its limit of time; the rule is in `planning/time_limit.py`."""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.runs.planning.time_limit import FIRST_ROUNDS, goes_on
from dashboard.wire.plan.plan import Plan


class TimeLimit:
    """Measures the rounds of a run. Rounds that are repeated take time, but do not count."""

    def __init__(self, plan: Plan, clock: Callable[[], float] = time.monotonic) -> None:
        self._plan = plan
        self._clock = clock
        self._began_s = clock()
        self._first_rounds_s = 0.0
        self._counted = 0

    def begin(self) -> None:
        """Start to measure: servers are up and warm."""
        self._began_s = self._clock()

    def over_after_round(self) -> bool:
        """Count the round just fired; return True if no further round is worth its time."""
        self._counted += 1
        taken_s = self._clock() - self._began_s
        if self._counted == FIRST_ROUNDS:
            self._first_rounds_s = taken_s
        spent_s = taken_s - self._first_rounds_s
        return not goes_on(self._plan, self._counted, taken_s / self._counted, spent_s)
