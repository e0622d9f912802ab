"""How long a survey takes, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dashboard.project.project import Project
from dashboard.runs.experiments.survey.loads import (
    COMPARED_LANES,
    FIRING_S,
    LOADED_ROUNDS,
    burst_of,
)
from dashboard.runs.experiments.survey.question import Survey
from dashboard.runs.experiments.survey.view import View
from dashboard.runs.planning.estimates import Costs, Estimate, estimate_of, estimate_of_all
from dashboard.web.shared.estimates import costs_of, estimate_text
from dashboard.wire.plan.plan import Plan


def survey_estimate(project: Project, survey: Survey) -> str:
    """Return *takes about 4 min, of which 9 s to start servers*; each server is started once."""
    starts_s: dict[str, float] = {}
    firings_s = 0.0
    for view in survey.fireable:
        if view.plan is None:
            continue
        costs = costs_of(view.scenario, view.plan.parameters)
        plans = list(_plans(project, survey, view, view.plan, costs))
        servers = {lane.server for plan in plans for lane in plan.lanes}
        starts_s |= {server: costs.start_s(server) for server in servers}
        firings_s += _firings_s(project, plans, costs)
    return estimate_text(Estimate(sum(starts_s.values()), firings_s))


def _firings_s(project: Project, plans: list[Plan], costs: Costs) -> float:
    """Return the time of all firings of a view; of work that is unknown, what they aim at."""
    estimate = estimate_of_all(project, plans, costs)
    if estimate is None:
        return FIRING_S * sum(plan.rounds * len(plan.lanes) for plan in plans)
    return estimate.firings_s


def _plans(
    project: Project, survey: Survey, view: View, alone: Plan, costs: Costs
) -> Iterator[Plan]:
    """Yield the runs of a view as far as they are known: alone, loaded, beside two others."""
    yield alone
    levels = survey.concurrency[1:]
    loads = [burst_of(level, _rate_rps(project, view, alone, costs, level)) for level in levels]
    for load in loads:
        yield replace(alone, load=load, rounds=LOADED_ROUNDS)
    others = [choice.lane for choice in view.choices[: COMPARED_LANES - 1]]
    yield replace(alone, load=loads[-1], rounds=survey.rounds, lanes=(view.lane, *others))


def _rate_rps(project: Project, view: View, alone: Plan, costs: Costs, level: int) -> float:
    """Return the throughput with so many in flight, if nothing but threads is a limit."""
    estimate = estimate_of(project, alone, costs)
    at_once = level if view.threads is None else min(level, view.processes * view.threads)
    if estimate is None or not estimate.firings_s:
        return at_once / FIRING_S
    return at_once * alone.load.requests * alone.rounds / estimate.firings_s
