"""A sweep: the same lanes at one level of load after another, and where one overtakes another.

At each level all lanes are fired in one run, in turns, so that the comparison at that level is
paired by round. First come the requested levels, ascending; then levels between them, each of which
halves the bracket of a crossover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS
from dashboard.analysis.inference.crossover import Level, level_of, next_level
from dashboard.models import Experiment, Run, Status
from dashboard.project.project import Project
from dashboard.runs.planning.plans import make_plan, scenario_of
from dashboard.runs.queue.experiment import (
    MAX_REQUESTS_OF_ALL,
    ExperimentPlan,
    Step,
    Steps,
    fire_with_retry,
)
from dashboard.runs.reports.stored import stored_report
from dashboard.wire.codec import JsonObject
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Burst, Lane, Plan, Rate
from dashboard.wire.stored.questions import SweepQuestion

from .sweep_axis import CONCURRENCY, FEWEST_LEVELS, MOST_LEVELS, RATE, Axis

MOST_HALVINGS = 6  # for each lane that is compared
MOST_LANES = 4
# How often each slot is used: a burst of as many requests as are in flight has no steady part.
REQUESTS_A_SLOT, FEWEST_REQUESTS = 5, 10
USUAL_DURATION_S = 3.0
FAILURES_IN_A_ROW = 2  # the lanes are the same at every level, so a third would fail alike


@dataclass(frozen=True)
class Sweep(JsonObject):
    """The question of a sweep: `plan` is that of every run, except for what is swept.

    `requests` is the number in each firing of a sweep over concurrency; None: five per slot.
    """

    ignores_unknown_keys: ClassVar[bool] = True

    axis: Axis
    levels: tuple[float, ...]
    plan: Plan
    requests: int | None = None
    duration_s: float = USUAL_DURATION_S

    def to_json(self) -> SweepQuestion:
        """Return the question as it is stored with its experiment."""
        return cast(SweepQuestion, super().to_json())

    def plan_at(self, level: float) -> Plan:
        """Return the plan of one level. Raises InvalidPlan if it is out of bounds."""
        if self.axis.name == CONCURRENCY:
            slots = round(level)
            requests = self.requests or max(REQUESTS_A_SLOT * slots, FEWEST_REQUESTS)
            return replace(self.plan, load=Burst(requests, slots))
        if self.axis.name == RATE:
            return replace(self.plan, load=Rate(level, self.duration_s))
        return replace(self.plan, parameters={**self.plan.parameters, self.axis.name: level})

    @property
    def plans(self) -> list[Plan]:
        """The plans of the requested levels."""
        return [self.plan_at(level) for level in self.levels]

    @property
    def most_halvings(self) -> int:
        """The most levels that can follow to narrow down crossovers."""
        return MOST_HALVINGS * (len(self.plan.lanes) - 1)

    @property
    def experiment_plan(self) -> ExperimentPlan:
        """The experiment to be performed."""
        title = f"{self.plan.scenario} over {self.axis.name}"
        return ExperimentPlan(Experiment.Kind.SWEEP, title, self.to_json(), steps_of(self))


def make_sweep(
    project: Project,
    *,
    scenario: str,
    over: str,
    lanes: Sequence[str] = (),
    levels: int | None = None,
    requests: int | None = None,
    concurrency: int | None = None,
    duration_s: float | None = None,
    rounds: int | None = None,
    **more: Any,
) -> Sweep:
    """Return a checked sweep; `more` goes to `make_plan`: parameters, timeout_s, seed, margin.

    Five rounds at each level, or the scenario's number if larger: fewer have no interval. Raises
    InvalidPlan with the problems by field.
    """
    definition = scenario_of(project, scenario)
    axis = Axis.parse(project, scenario, over)
    _check_given(axis, levels, requests, concurrency, duration_s)
    of_parameter = axis.name not in (CONCURRENCY, RATE)
    plan = make_plan(
        project,
        scenario=scenario,
        lanes=lanes or [str(lane) for lane in definition.lanes[:MOST_LANES]],
        requests=requests if of_parameter else None,
        concurrency=concurrency if of_parameter else None,
        rounds=max(definition.rounds, FEWEST_ROUNDS) if rounds is None else rounds,
        **more,
    )
    sweep = Sweep(axis, axis.levels(levels), plan, requests, duration_s or USUAL_DURATION_S)
    _check_whole(project, sweep)
    return sweep


def _check_given(
    axis: Axis,
    levels: int | None,
    requests: int | None,
    concurrency: int | None,
    duration_s: float | None,
) -> None:
    """Raise InvalidPlan for options that a sweep over this axis does not have."""
    problems = []
    if levels is not None and not FEWEST_LEVELS <= levels <= MOST_LEVELS:
        expected = f"expected {FEWEST_LEVELS} to {MOST_LEVELS}, found {levels}"
        problems.append(Problem("levels", expected))
    if axis.name in (CONCURRENCY, RATE) and concurrency is not None:
        message = f"cannot be combined with a sweep over {axis.name}, found {concurrency}"
        problems.append(Problem("concurrency", message))
    if axis.name == RATE and requests is not None:
        problems.append(Problem("requests", f"cannot be combined with a rate, found {requests}"))
    if axis.name != RATE and duration_s is not None:
        message = f"can only be combined with a sweep over rate, found {duration_s:g}"
        problems.append(Problem("duration", message))
    if problems:
        raise InvalidPlan(*problems)


def _check_whole(project: Project, sweep: Sweep) -> None:
    """Raise InvalidPlan if one of its runs is out of bounds, or all of them together are."""
    if len(sweep.plan.lanes) > MOST_LANES:
        message = f"expected at most {MOST_LANES} lanes, found {len(sweep.plan.lanes)}"
        raise InvalidPlan(Problem("lanes", message))
    if sweep.plan.rounds < FEWEST_ROUNDS:
        message = f"expected {FEWEST_ROUNDS} or more, since fewer have no interval"
        raise InvalidPlan(Problem("rounds", f"{message}, found {sweep.plan.rounds}"))
    plans = sweep.plans
    for plan in (plans[0], plans[-1]):
        project.check(plan)
    most = max(plan.load.requests for plan in plans)
    fired = sum(plan.load.requests for plan in plans) + most * sweep.most_halvings
    total = fired * sweep.plan.rounds * len(sweep.plan.lanes)
    if total > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} requests in all runs"
        raise InvalidPlan(Problem("over", f"{message}, found up to {total:,}"))


def steps_of(sweep: Sweep) -> Steps:
    """Yield the requested levels, then those that halve the brackets of the crossovers.

    Two failed runs in a row end it.
    """
    runs: dict[float, Run] = {}
    for level in _levels(sweep, runs):
        step = Step(sweep.axis.words(level), sweep.plan_at(level))
        runs[level] = yield from fire_with_retry(step)
        last = list(runs.values())[-FAILURES_IN_A_ROW:]
        if len(last) == FAILURES_IN_A_ROW and all(run.status == Status.FAILED for run in last):
            return


def _levels(sweep: Sweep, runs: Mapping[float, Run]) -> Iterator[float]:
    """Yield the level to fire next, given the runs so far."""
    yield from sweep.levels
    for lane in sweep.plan.lanes[1:]:
        for _ in range(MOST_HALVINGS):
            level = next_level(levels_of(runs, lane), whole=sweep.axis.whole)
            if level is None or level in runs:
                break
            yield level


def levels_of(runs: Mapping[float, Run], lane: Lane) -> list[Level]:
    """Return how a lane compares with the baseline at each level, in ascending order."""
    return [level_of(at, stored_report(runs[at]), str(lane)) for at in sorted(runs)]
