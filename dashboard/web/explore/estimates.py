"""How long an experiment takes, in words."""

from __future__ import annotations

from dashboard.analysis.capacity.bisection import MOST_RATES
from dashboard.analysis.capacity.ladder import MOST_TRIED
from dashboard.project.project import Project
from dashboard.runs.experiments.capacity.question import Capacity
from dashboard.runs.experiments.matrix import Matrix
from dashboard.runs.experiments.mix import MixExperiment
from dashboard.runs.experiments.sweep import Sweep
from dashboard.runs.planning.estimates import USUAL_START_S, Estimate, estimate_of_all
from dashboard.web.shared.estimates import costs_of, estimate_text
from dashboard.web.shared.format import format_estimate

FEWEST_TRIED, FEWEST_RATES = 2, 5  # of a ladder, and of the bisection


def capacity_estimate(capacity: Capacity | None) -> str:
    """Return *takes about 1 to 5 min, …*: how many rates it takes is not known before."""
    if capacity is None:
        return ""
    rate_s = capacity.plan.rounds * capacity.duration_s
    ladders = len(capacity.ladders)
    most_s = rate_s * (ladders * MOST_TRIED + MOST_RATES)
    least_s = rate_s * (ladders * FEWEST_TRIED + FEWEST_RATES)
    starts_s = USUAL_START_S * ladders * (1 + FEWEST_TRIED)
    return estimate_text(Estimate(starts_s, most_s, least_s))


def matrix_estimate(project: Project, matrix: Matrix | None) -> str:
    """Return *takes about 40 s, …*; empty for None, and if nothing is known of the work."""
    if matrix is None:
        return ""
    costs = costs_of(matrix.plan.scenario, matrix.plan.parameters)
    return estimate_text(estimate_of_all(project, matrix.plans, costs))


def mix_estimate(project: Project, mix: MixExperiment | None) -> str:
    """Return the same for all runs of a mix: at a rate, their number and length decide."""
    if mix is None:
        return ""
    plans = [plan for _, plan in mix.parts()] * mix.blocks
    return estimate_text(estimate_of_all(project, plans, costs_of(mix.plan.scenario)))


def sweep_estimate(project: Project, sweep: Sweep | None) -> str:
    """Return the same for the planned levels, and the most that those between them add."""
    if sweep is None:
        return ""
    costs = costs_of(sweep.plan.scenario, sweep.plan.parameters)
    estimate = estimate_of_all(project, sweep.plans, costs)
    if estimate is None:
        return ""
    more_s = sweep.most_halvings * estimate.firings_s / len(sweep.levels)
    takes = estimate_text(estimate)
    if not more_s:
        return takes
    return f"{takes}; up to {format_estimate(more_s)} more to narrow down where lanes cross over"
