"""From what a person asked for to a checked plan, the same for page and terminal."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import ceil

from dashboard.targets.manifest import Project, Scenario
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.plan import MAX_SEED, Burst, Lane, Plan

DEFAULT_TIMEOUT_S = 30.0


def make_plan(
    project: Project,
    *,
    scenario: str,
    requests: int | None = None,
    concurrency: int | None = None,
    lanes: Sequence[str] = (),
    rounds: int | None = None,
    seed: int | None = None,
    parameters: Mapping[str, float] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
) -> Plan:
    """A plan that may be fired; what is not given is the scenario's own.

    Concurrency defaults to the number of requests: everybody at once. Raises InvalidPlan
    with the problems by field.
    """
    known = project.scenarios.get(scenario)
    if known is None:
        raise InvalidPlan(*project.problems(scenario, (), {}))
    chosen = tuple(Lane.parse(lane) for lane in lanes) or known.lanes
    values = known.values({}) | dict(parameters or {})
    problems = project.problems(scenario, chosen, values)
    requests = known.requests if requests is None else requests
    try:
        plan = Plan(
            scenario=scenario,
            lanes=chosen,
            load=Burst(requests, requests if concurrency is None else concurrency),
            rounds=known.rounds if rounds is None else rounds,
            seed=random.randint(0, MAX_SEED) if seed is None else seed,  # noqa: S311 - no secret
            parameters=values,
            timeout_s=timeout_s,
        )
    except InvalidPlan as error:
        raise InvalidPlan(*error.problems, *problems) from None
    if problems:
        raise InvalidPlan(*problems)
    return plan


def wait_s(scenario: Scenario, parameters: Mapping[str, float]) -> float | None:
    """How long one request waits, where the scenario is a wait."""
    return parameters[scenario.wait] if scenario.wait else None


def capacity(project: Project, scenario: Scenario, lane: Lane) -> int | None:
    """How many requests a lane promises to serve at a time; None: as many as come."""
    return project.servers[lane.server].capacity(scenario.variants[lane.variant])


def estimate_s(project: Project, plan: Plan) -> float | None:
    """How long a run takes by theory: the sum over lanes of ⌈N/k⌉ · d · rounds.

    k is what the lane promises, and never more than the concurrency. None where the
    scenario is no wait: nobody can say before trying.
    """
    scenario = project.scenarios[plan.scenario]
    delay_s = wait_s(scenario, plan.parameters)
    if delay_s is None:
        return None
    load = plan.load
    promised = (capacity(project, scenario, lane) or load.concurrency for lane in plan.lanes)
    turns = (ceil(load.requests / min(k, load.concurrency)) for k in promised)
    return sum(turns) * delay_s * plan.rounds
