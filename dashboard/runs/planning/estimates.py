"""How long a run takes: waiting by theory, computing by earlier runs, and starts of servers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean

from dashboard.project.project import Project
from dashboard.wire.plan.plan import Burst, Lane, Plan, Rate

from .plans import capacity, theory_s
from .time_limit import fewest_and_most

# Used where no earlier run measured them.
USUAL_CPU_S = 1e-3  # of a request: Django, its default middleware and a view that only waits
USUAL_START_S = 1.5  # of a server with a small project
# From the last response of a firing until the next is sent: until the target is idle, and counted.
BETWEEN_FIRINGS_S = 0.05


@dataclass(frozen=True)
class LaneCost:
    """The time that one request took of a lane, in seconds; None if unknown.

    `cpu_s` is the target's CPU time, `busy_s` the inverse of the throughput.
    """

    cpu_s: float | None
    busy_s: float | None


def _usual_start_s(server: str) -> float:
    return USUAL_START_S


@dataclass(frozen=True)
class Costs:
    """What is known of the lanes of a scenario: their costs, and the time until a server serves."""

    lanes: Mapping[str, LaneCost] = field(default_factory=dict)
    start_s: Callable[[str], float] = _usual_start_s

    def of(self, lane: Lane) -> LaneCost:
        """Return the cost of a lane; if it is unknown, the mean of its variant's other lanes."""
        if cost := self.lanes.get(str(lane)):
            return cost
        same = [
            cost for name, cost in self.lanes.items() if Lane.parse(name).variant == lane.variant
        ]
        return LaneCost(_mean(cost.cpu_s for cost in same), _mean(cost.busy_s for cost in same))


@dataclass(frozen=True)
class Estimate:
    """How long a run takes, in seconds: until its servers are started, and its firings.

    `least_firings_s` is that of a run until certain that its first look decides, if it differs.
    """

    starts_s: float
    firings_s: float
    least_firings_s: float | None = None

    @property
    def total_s(self) -> float:
        """The sum, in the worst case."""
        return self.starts_s + self.firings_s

    @property
    def least_s(self) -> float:
        """The sum if the first look decides."""
        least_s = self.least_firings_s
        return self.starts_s + (self.firings_s if least_s is None else least_s)


def estimate_of(project: Project, plan: Plan, costs: Costs) -> Estimate | None:
    """Return how long a run takes, in the worst case if it runs until certain.

    None if nothing is known of any lane: for work without a wait that was never measured. A lane of
    which nothing is known is taken as the mean of the others.
    """
    firings_s = [_firing_s(project, plan, lane, costs) for lane in plan.lanes]
    mean_s = _mean(firings_s)
    if mean_s is None:
        return None
    round_s = sum(mean_s if firing_s is None else firing_s for firing_s in firings_s)
    round_s += BETWEEN_FIRINGS_S * len(plan.lanes)
    fewest, most = fewest_and_most(plan, round_s)
    return Estimate(_starts_s(plan, costs), most * round_s, fewest * round_s)


def estimate_of_all(project: Project, plans: Iterable[Plan], costs: Costs) -> Estimate | None:
    """Return how long several runs take; each server is started once. None if one is unknown."""
    starts_s: dict[str, float] = {}
    firings_s = 0.0
    for plan in plans:
        estimate = estimate_of(project, plan, costs)
        if estimate is None:
            return None
        starts_s |= {lane.server: costs.start_s(lane.server) for lane in plan.lanes}
        firings_s += estimate.firings_s
    return Estimate(sum(starts_s.values()), firings_s)


def _starts_s(plan: Plan, costs: Costs) -> float:
    """Return the sum over servers: they are started side by side, but on one core."""
    return sum(map(costs.start_s, dict.fromkeys(lane.server for lane in plan.lanes)))


def _firing_s(project: Project, plan: Plan, lane: Lane, costs: Costs) -> float | None:
    """Return the time of one firing: waiting and computing overlap, so the longer of the two."""
    if isinstance(plan.load, Rate):
        return plan.load.duration_s
    scenario = project.scenarios[plan.scenario]
    wait_s = scenario.wait_s(lane.variant, plan.parameters)
    cost = costs.of(lane)
    waiting_s = theory_s(plan.load, capacity(project, scenario, lane), wait_s)
    if waiting_s is None:
        return None if cost.busy_s is None else cost.busy_s * plan.load.requests
    return max(waiting_s, (wait_s or 0.0) + _computing_s(plan.load, cost))


def _computing_s(load: Burst, cost: LaneCost) -> float:
    return load.requests * (USUAL_CPU_S if cost.cpu_s is None else cost.cpu_s)


def _mean(values: Iterable[float | None]) -> float | None:
    measured = [value for value in values if value is not None]
    return fmean(measured) if measured else None
