"""The runs of a capacity: each ladder alone, then up or down it, then the bisection of the answer.

What is fired next follows from the runs so far by pure functions, so that the answer is computed
from the stored runs as the steps were.
"""

from __future__ import annotations

from math import inf

from dashboard.analysis.capacity.bisection import next_rate
from dashboard.analysis.capacity.ladder import Rung, least_rung, next_rung
from dashboard.analysis.text.capacity import fired_rate
from dashboard.models import Experiment
from dashboard.runs.queue.experiment import ExperimentPlan, Step, Steps, fire_with_retry
from dashboard.wire.plan.plan import Lane

from .outcomes import Outcomes
from .question import Capacity, Ladder


def capacity_experiment(capacity: Capacity) -> ExperimentPlan:
    """Return the experiment to be performed."""
    title = f"{capacity.plan.scenario}, {fired_rate(capacity.limits.rate_rps)}"
    kind = Experiment.Kind.CAPACITY
    return ExperimentPlan(kind, title, capacity.to_json(), steps_of(capacity))


def steps_of(capacity: Capacity) -> Steps:
    """Yield the runs until the least configuration is known, and how much it holds."""
    outcomes = Outcomes(capacity.limits)
    while step := next_step(capacity, outcomes):
        run = yield from fire_with_retry(step)
        outcomes.add(run)


def next_step(capacity: Capacity, outcomes: Outcomes) -> Step | None:
    """Return the run to fire next; None at the end."""
    for ladder in capacity.ladders:
        if str(ladder.alone) not in outcomes.alone:
            return Step(f"{ladder.alone} alone", capacity.plan_alone(ladder))
        if rung := _next_rung(ladder, outcomes):
            return _step(capacity, rung.lane, capacity.limits.rate_rps)
    bisected = bisected_rung(capacity, outcomes)
    if bisected is None:
        return None
    rate_rps = _next_rate(capacity, outcomes, bisected)
    return None if rate_rps is None else _step(capacity, bisected.lane, rate_rps)


def bisected_rung(capacity: Capacity, outcomes: Outcomes) -> Rung | None:
    """Return the answer: of each ladder's least that holds, the one with the least memory.

    If none holds, the one that is predicted to hold the most of those that were measured.
    """
    ladders = [outcomes.rungs(ladder) for ladder in capacity.ladders]
    least = [rung for rungs in ladders if (rung := least_rung(rungs, outcomes.held(rungs)))]
    if least:
        return min(least, key=lambda rung: _memory_mb(outcomes, rung))
    measured = [rung for rungs in ladders for rung in rungs if outcomes.tried(rung.lane)]
    return max(measured, key=lambda rung: rung.predicted_rps, default=None)


def _next_rung(ladder: Ladder, outcomes: Outcomes) -> Rung | None:
    rungs = outcomes.rungs(ladder)
    return next_rung(rungs, outcomes.held(rungs), outcomes.limits.rate_rps)


def _next_rate(capacity: Capacity, outcomes: Outcomes, rung: Rung) -> float | None:
    """Return the next rate of the bisection; None after a run that measured nothing."""
    if any(each.tried is None for each in outcomes.at_rates.get(rung.lane, [])):
        return None
    return next_rate(
        outcomes.tried(rung.lane),
        capacity.limits.rate_rps,
        least_rps=capacity.least_rps,
        most_rps=capacity.most_rps,
    )


def _step(capacity: Capacity, lane: str, rate_rps: float) -> Step:
    return Step(f"{lane} at {fired_rate(rate_rps)}", capacity.plan_at(Lane.parse(lane), rate_rps))


def _memory_mb(outcomes: Outcomes, rung: Rung) -> float:
    """Return the memory that a lane used at the requested rate; infinite if that is unknown.

    Not at other rates: those of the bisection would change the answer that they are made for.
    """
    for each in outcomes.at_rates.get(rung.lane, []):
        if each.rate.rate_rps == outcomes.limits.rate_rps and each.rate.memory_mb is not None:
            return each.rate.memory_mb
    return inf
