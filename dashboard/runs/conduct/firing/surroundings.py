"""Counters of the machine and of a target's socket, read before a firing and after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from dashboard.runs.reports.instrument import CpuTimes, Reading
from dashboard.runs.resources import Target
from dashboard.targets.observe.listeners import Drops
from dashboard.targets.observe.machine import busy_times
from dashboard.wire.events import EngineFired
from dashboard.wire.plan.plan import Firing


@dataclass(frozen=True)
class Surroundings:
    """The counters before a firing at `target`."""

    target: Target
    cpu_times: Callable[[], CpuTimes | None]
    drops: Drops
    cpu: CpuTimes | None
    busy: tuple[float, float] | None

    @classmethod
    def before(cls, target: Target, cpu_times: Callable[[], CpuTimes | None]) -> Self:
        """Read the counters."""
        drops, cpu = Drops.at(target.host, target.port), cpu_times()
        return cls(target, cpu_times, drops, cpu, busy_times(target.facts.get("cores", ())))

    def reading(self, firing: Firing, fired: EngineFired) -> Reading:
        """Read the counters again and return what changed, with the engine's event `fired`."""
        reading = Reading.of(firing.lane, firing.round, fired, self.cpu, self.cpu_times())
        busy = busy_times(self.target.facts.get("cores", ()))
        overflows = Drops.at(self.target.host, self.target.port).since(self.drops)
        return replace(reading.with_target(self.busy, busy), overflows=overflows)
