"""What a target used for a lane alone: CPU time, context switches, threads.

The system counts them by process, and the bystander's requests run in the same processes. So the
cost of one of those is measured at each target, fired alone
(`runs/conduct/firing/bystander_cost.py`), multiplied by their number, and subtracted; the result
carries the uncertainty of that.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_S

from .lane_samples import Columns, Integers, Lane

# How far the cost beside a load may be from the cost alone. Measured with Daphne, uvicorn and
# gunicorn: within 20 % of it beside a load that waits; as little as half of it back to back, as at
# a target that is always busy.
IDLE_SHARE, BUSY_SHARE = 0.2, 0.5


@dataclass(frozen=True)
class Amount:
    """A quantity known up to `uncertainty` to either side; infinite: not known at all."""

    value: float
    uncertainty: float = 0.0

    @property
    def low(self) -> float:
        """The least that it can be, not below 0."""
        return max(0.0, self.value - self.uncertainty)

    @property
    def high(self) -> float:
        """The most that it can be."""
        return self.value + self.uncertainty

    def times(self, factor: float) -> Amount:
        """Return the amount times a factor."""
        return Amount(self.value * factor, self.uncertainty * factor)

    def beyond(self, other: Amount) -> float:
        """Return how much more it is than the other; 0 if uncertainty can account for that."""
        more = self.value - other.value
        return more if abs(more) > self.uncertainty + other.uncertainty else 0.0

    @property
    def known_uncertainty(self) -> float | None:
        """The uncertainty as a report carries it: None if the amount is unknown."""
        return self.uncertainty if math.isfinite(self.uncertainty) else None


@dataclass(frozen=True)
class BystanderRequestCost:
    """What one request of the bystander costs at a target: CPU (ns), switches, threads.

    `threads` are those that could not be attributed to a request, such as a server's own.
    """

    cpu: Amount
    switches: Amount
    threads: Amount

    @classmethod
    def from_json(cls, data: Mapping[str, Sequence[float]] | None) -> BystanderRequestCost | None:
        """Return the cost that `to_json` wrote; None for None."""
        if data is None:
            return None
        return cls(**{name: Amount(*data[name]) for name in ("cpu", "switches", "threads")})

    def to_json(self) -> dict[str, list[float]]:
        """Return each amount as [value, uncertainty], which is what older runs stored too."""
        amounts = {"cpu": self.cpu, "switches": self.switches, "threads": self.threads}
        return {name: [amount.value, amount.uncertainty] for name, amount in amounts.items()}


NOTHING = Amount(0.0)


def cpu_s(lane: Lane, cost: BystanderRequestCost | None) -> Amount | None:
    """Return the CPU time of the target's processes; None if it was not counted."""
    total_ns = sum(growth(lane.health, "cpu"))
    part = bystander_part(lane, cost.cpu if cost else None)
    return _without(total_ns, part).times(1 / NS_PER_S) if total_ns else None


def switches(lane: Lane, cost: BystanderRequestCost | None) -> Amount | None:
    """Return the context switches; None if they were not counted."""
    total = sum(growth(lane.health, "switches"))
    return _without(total, bystander_part(lane, cost.switches if cost else None)) if total else None


def threads(lane: Lane, cost: BystanderRequestCost | None) -> Amount | None:
    """Return the Python threads started in all counted firings; None if not counted."""
    started = threads_started(lane.health)
    if started is None:
        return None
    return _without(started, bystander_part(lane, cost.threads if cost else None))


def bystander_part(lane: Lane, of_one: Amount | None) -> Amount:
    """Return the bystander's part of a counted quantity; `of_one` is that of one request.

    The part is unknown if `of_one` was not measured.
    """
    requests = bystander_requests(lane)
    if not requests:
        return NOTHING
    if of_one is None:
        return Amount(0.0, math.inf)
    share = IDLE_SHARE + (BUSY_SHARE - IDLE_SHARE) * _busy(lane.health)
    each = of_one.uncertainty + share * of_one.value
    return Amount(of_one.value, each).times(requests)


def bystander_requests(lane: Lane) -> int:
    """Return how many requests of the bystander the target had in the counted rounds."""
    counted = growth(lane.health, "neighbour_requests")
    return sum(counted) if counted else int(lane.bystander["done"].size)


def growth(health: Columns, name: str) -> list[int]:
    """Return how much a counter grew in each firing and process, from first to last report."""
    reported = health[name] != UNKNOWN
    rounds, processes, values = (health[key][reported] for key in ("round", "process", name))
    grown = []
    for number in np.unique(rounds):
        for process in np.unique(processes[rounds == number]):
            here = values[(rounds == number) & (processes == process)]
            grown.append(int(here.max() - here.min()))
    return grown


def threads_started(health: Columns) -> int | None:
    """Return the threads started in all counted firings; the probe counts anew in each."""
    reported = health["threads_started"] != UNKNOWN
    if not reported.any():
        return None
    keys = np.stack([health["round"][reported], health["process"][reported]])
    values = health["threads_started"][reported]
    firings, index = np.unique(keys, axis=1, return_inverse=True)
    return sum(int(values[index.ravel() == at].max()) for at in range(firings.shape[1]))


def _without(total: float, part: Amount) -> Amount:
    return Amount(max(0.0, total - part.value), part.uncertainty)


def _busy(health: Columns) -> float:
    """Return the share of the firings' time for which the processes used CPU, 0 to 1."""
    reported: Integers = health["cpu"] != UNKNOWN
    rounds, at = health["round"][reported], health["at"][reported]
    wall_ns = sum(int(np.ptp(at[rounds == number])) for number in np.unique(rounds))
    return min(1.0, sum(growth(health, "cpu")) / wall_ns) if wall_ns else 0.0
