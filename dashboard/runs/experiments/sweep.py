"""A sweep: the same lanes at one load after the other, and from which on another is ahead.

At each level all lanes are fired in one run, in turns, so that the comparison at that level is
paired by round. First the levels that were asked for, from below; then levels between them, each of
which halves the bracket of a crossover.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS
from dashboard.analysis.inference.crossover import Level, level_of, next_level
from dashboard.models import Experiment, Run, Status
from dashboard.project.labtoml.load import Project
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.experiment import (
    MAX_REQUESTS_OF_ALL,
    ExperimentPlan,
    Step,
    Steps,
    fire_with_retry,
)
from dashboard.wire.codec import from_json, to_json
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import Burst, Lane, Plan, Rate

from .sweep_axis import CONCURRENCY, FEWEST_LEVELS, MOST_LEVELS, RATE, Axis

MOST_HALVINGS = 6  # for each lane that is compared
MOST_LANES = 4
# Each slot is used so often: a burst of as many requests as are in flight has no steady part.
REQUESTS_A_SLOT, FEWEST_REQUESTS = 5, 10
USUAL_DURATION_S = 3.0
FAILURES_IN_A_ROW = 2  # the lanes are the same at every level, so a third would fail alike


@dataclass(frozen=True)
class Sweep:
    """What is asked: `plan` is that of every run but for what is swept.

    `requests` is the number in each firing of a sweep over concurrency; None: five for each slot.
    """

    axis: Axis
    levels: tuple[float, ...]
    plan: Plan
    requests: int | None = None
    duration_s: float = USUAL_DURATION_S

    def to_json(self) -> dict[str, Any]:
        """What is stored as the experiment's question."""
        question: dict[str, Any] = to_json(self)
        return question

    @classmethod
    def from_json(cls, data: object) -> Self:
        """Read what `to_json` wrote, also in an older version; raises InvalidJson."""
        return from_json(cls, data, ignore_unknown=True)

    def plan_at(self, level: float) -> Plan:
        """What is fired at one level. Raises InvalidPlan where that is out of bounds."""
        if self.axis.name == CONCURRENCY:
            slots = round(level)
            requests = self.requests or max(REQUESTS_A_SLOT * slots, FEWEST_REQUESTS)
            return replace(self.plan, load=Burst(requests, slots))
        if self.axis.name == RATE:
            return replace(self.plan, load=Rate(level, self.duration_s))
        return replace(self.plan, parameters={**self.plan.parameters, self.axis.name: level})

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
    """A sweep that may be fired; `more` is `make_plan`'s: parameters, timeout_s, seed, margin.

    Five rounds at each level, or as many as the scenario says where that is more: fewer have no
    interval. Raises InvalidPlan with the problems by field.
    """
    if scenario not in project.scenarios:
        raise InvalidPlan(*project.problems(scenario, (), {}))
    axis = Axis.parse(project, scenario, over)
    _check_given(axis, levels, requests, concurrency, duration_s)
    known = project.scenarios[scenario]
    of_parameter = axis.name not in (CONCURRENCY, RATE)
    plan = make_plan(
        project,
        scenario=scenario,
        lanes=lanes or [str(lane) for lane in known.lanes[:MOST_LANES]],
        requests=requests if of_parameter else None,
        concurrency=concurrency if of_parameter else None,
        rounds=max(known.rounds, FEWEST_ROUNDS) if rounds is None else rounds,
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
    """Raises InvalidPlan for what does not belong to a sweep over this."""
    problems = []
    if levels is not None and not FEWEST_LEVELS <= levels <= MOST_LEVELS:
        expected = f"expected {FEWEST_LEVELS} to {MOST_LEVELS}, found {levels}"
        problems.append(Problem("levels", expected))
    if axis.name in (CONCURRENCY, RATE) and concurrency is not None:
        message = f"expected none in a sweep over {axis.name}, found {concurrency}"
        problems.append(Problem("concurrency", message))
    if axis.name == RATE and requests is not None:
        message = f"expected none beside a rate (rate x duration says it), found {requests}"
        problems.append(Problem("requests", message))
    if axis.name != RATE and duration_s is not None:
        message = f"expected none but in a sweep over rate, found {duration_s:g}"
        problems.append(Problem("duration", message))
    if problems:
        raise InvalidPlan(*problems)


def _check_whole(project: Project, sweep: Sweep) -> None:
    """Raises InvalidPlan where any of its runs may not be fired, or all of them are too much."""
    if len(sweep.plan.lanes) > MOST_LANES:
        message = f"expected at most {MOST_LANES} lanes, found {len(sweep.plan.lanes)}"
        raise InvalidPlan(Problem("lanes", message))
    if sweep.plan.rounds < FEWEST_ROUNDS:
        message = f"expected {FEWEST_ROUNDS} or more, since fewer have no interval"
        raise InvalidPlan(Problem("rounds", f"{message}, found {sweep.plan.rounds}"))
    plans = [sweep.plan_at(level) for level in sweep.levels]
    for plan in (plans[0], plans[-1]):
        project.check(plan)
    most = max(plan.load.requests for plan in plans)
    halvings = MOST_HALVINGS * (len(sweep.plan.lanes) - 1)
    fired = sum(plan.load.requests for plan in plans) + most * halvings
    total = fired * sweep.plan.rounds * len(sweep.plan.lanes)
    if total > MAX_REQUESTS_OF_ALL:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} requests in all runs"
        raise InvalidPlan(Problem("over", f"{message}, found up to {total:,}"))


def steps_of(sweep: Sweep) -> Steps:
    """The levels that were asked for, then those that halve the brackets of the crossovers.

    Two runs in a row that fail end it.
    """
    runs: dict[float, Run] = {}
    for level in _levels(sweep, runs):
        step = Step(sweep.axis.words(level), sweep.plan_at(level))
        runs[level] = yield from fire_with_retry(step)
        last = list(runs.values())[-FAILURES_IN_A_ROW:]
        if len(last) == FAILURES_IN_A_ROW and all(one.status == Status.FAILED for one in last):
            return


def _levels(sweep: Sweep, runs: Mapping[float, Run]) -> Iterator[float]:
    """What is fired next, given what was found until then."""
    yield from sweep.levels
    for lane in sweep.plan.lanes[1:]:
        for _ in range(MOST_HALVINGS):
            level = next_level(levels_of(runs, lane), whole=sweep.axis.whole)
            if level is None or level in runs:
                break
            yield level


def levels_of(runs: Mapping[float, Run], lane: Lane) -> list[Level]:
    """Where a lane stands at each level, in ascending order."""
    return [level_of(at, runs[at].report, str(lane)) for at in sorted(runs)]
