"""What one bystander request costs at a target, measured by firing the bystander alone.

CPU time and context switches are counted per process, so the bystander's cannot be separated from
the load's while both are fired. They are measured after the warm-up: a few batches at a pace at
which each request finds the target idle, as it does beside a load that waits. Before them comes a
pause, since the server and the probe use a little CPU by themselves.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from dashboard.analysis.samples.resource_use import Amount, BystanderRequestCost
from dashboard.runs.resources import Engine, Target
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.units import NS_PER_S

BATCHES = 5
T_95 = 2.776  # two-sided, of BATCHES values
# At 100 per second a request costs what it does at 20, which is the bystander's pace; back to back
# it costs half, since nothing has to wake up.
LOAD = Rate(100.0, 0.1)
REST_S = 0.2
AFTER_S = 0.02  # Django closes an answer after it was sent
TIMEOUT_S = 2.0
UNANSWERED = {
    *(Failure.REFUSED, Failure.UNREACHABLE, Failure.NO_DESCRIPTORS, Failure.TIMEOUT),
    *(Failure.RESET, Failure.CLOSED, Failure.MALFORMED, Failure.ABORTED, Failure.TLS),
}
COUNTED = ("cpu", "switches", "threads_started")

Row = Mapping[str, int]


@dataclass(frozen=True)
class Usage:
    """What the processes of a target used in a span of time."""

    seconds: float
    requests: int
    used: Mapping[str, int]

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Usage:
        """Return the usage over rows of health."""
        instants = [row["at"] for row in rows]
        return cls(
            seconds=(max(instants) - min(instants)) / NS_PER_S if instants else 0.0,
            requests=_grown(rows, "neighbour_requests"),
            used={name: _grown(rows, name) for name in COUNTED},
        )

    def for_each(self, name: str, rest: Usage) -> float:
        """Return how much of `name` each request used beyond what the target uses at rest."""
        idle = rest.used[name] / rest.seconds * self.seconds if rest.seconds else 0.0
        return (self.used[name] - idle) / self.requests


async def measure(
    target: Target, engine: Engine, firing: Firing, numbers: Iterator[int]
) -> BystanderRequestCost | None:
    """Fire the bystander's requests alone and return what one costs; None if unknown.

    Each batch takes a firing's number from `numbers`.
    """
    rest = await _at_rest(target, next(numbers))
    if rest is None:
        return None
    usages = []
    for _ in range(BATCHES):
        usage = await _batch(target, engine, firing, next(numbers))
        if usage is None or not usage.requests:
            return None
        usages.append(usage)
    amounts = (_amount([usage.for_each(name, rest) for usage in usages]) for name in COUNTED)
    return BystanderRequestCost(*amounts)


async def _at_rest(target: Target, number: int) -> Usage | None:
    """Return what it uses while nothing is fired; None if CPU time is not counted."""
    await target.begin(number)
    rows = target.take_rows(0)
    counted = any("cpu" in row for row in rows)
    if counted:
        await asyncio.sleep(REST_S)
    await target.end(number, quiet_timeout_s=TIMEOUT_S)
    return Usage.of([*rows, *target.take_rows(0)]) if counted else None


async def _batch(target: Target, engine: Engine, firing: Firing, number: int) -> Usage | None:
    """Return what one batch used; None if a request got no response."""
    await target.begin(number)
    answered = True
    async for payload in engine.fire(firing):
        if not frame.is_event(payload):
            answered &= _all_answered(frame.decode(payload))
    await asyncio.sleep(AFTER_S)
    await target.end(number, quiet_timeout_s=TIMEOUT_S)
    return Usage.of(target.take_rows(0)) if answered else None


def _all_answered(data: frame.Frame) -> bool:
    return data.kind != "samples" or not UNANSWERED & {*data.columns["error"]}


def _amount(values: Sequence[float]) -> Amount:
    """Return the mean of the batches with its interval at 95 %."""
    return Amount(max(0.0, fmean(values)), T_95 * stdev(values) / math.sqrt(len(values)))


def _grown(rows: Iterable[Row], name: str) -> int:
    """Return how much a counter grew, summed over the processes."""
    values: dict[int, list[int]] = {}
    for row in rows:
        if row.get(name, frame.UNKNOWN) != frame.UNKNOWN:
            values.setdefault(row["process"], []).append(row[name])
    return sum(max(counts) - min(counts) for counts in values.values())
