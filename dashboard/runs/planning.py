"""From what a person asked for to a checked plan, the same for page and terminal."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from math import ceil

from dashboard.analysis.verdict import MOST_ROUNDS
from dashboard.targets.manifest import Project, Scenario
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import (
    ENGINE,
    MARGIN,
    MAX_CONCURRENCY,
    MAX_SEED,
    Burst,
    Lane,
    Load,
    Plan,
    Rate,
)

DEFAULT_TIMEOUT_S = 30.0


def make_plan(
    project: Project,
    *,
    scenario: str,
    requests: int | None = None,
    concurrency: int | None = None,
    rate_rps: float | None = None,
    duration_s: float | None = None,
    poisson: bool = False,
    lanes: Sequence[str] = (),
    rounds: int | None = None,
    seed: int | None = None,
    parameters: Mapping[str, float] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    client: str = ENGINE,
    until_sure: bool = False,
    control: bool = False,
    margin: float = MARGIN,
    neighbour: bool = True,
) -> Plan:
    """A plan that may be fired; what is not given is the scenario's own.

    A control is of one lane, the first of the scenario where none is named, and fires it beside
    its twin. Until sure, `rounds` is the most, and by default as many as there are looks for.

    A rate needs its duration, and then says itself how many requests there are. Concurrency
    defaults to the number of requests in a burst: everybody at once; and to as many as it
    takes in a rate. Raises InvalidPlan with the problems by field.
    """
    known = project.scenarios.get(scenario)
    if known is None:
        raise InvalidPlan(*project.problems(scenario, (), {}))
    chosen = tuple(Lane.parse(lane) for lane in lanes) or known.lanes
    if control:
        chosen = _with_twin(chosen[:1] if not lanes else chosen)
    values = known.values({}) | dict(parameters or {})
    problems = project.problems(scenario, chosen, values)
    try:
        plan = Plan(
            scenario=scenario,
            lanes=chosen,
            load=_rate(rate_rps, duration_s, poisson, requests, concurrency)
            or _burst(known, requests, concurrency),
            rounds=_rounds(known, until_sure) if rounds is None else rounds,
            seed=random.randint(0, MAX_SEED) if seed is None else seed,  # noqa: S311 - no secret
            parameters=values,
            timeout_s=timeout_s,
            client=client,
            until_sure=until_sure,
            control=control,
            margin=margin,
            neighbour=neighbour,
        )
    except InvalidPlan as error:
        raise InvalidPlan(*error.problems, *problems) from None
    if problems:
        raise InvalidPlan(*problems)
    return plan


def _with_twin(lanes: Sequence[Lane]) -> tuple[Lane, Lane]:
    if len(lanes) != 1:
        found = ", ".join(map(str, lanes))
        raise InvalidPlan(Problem("lanes", f"expected one lane for a control, found {found}"))
    return lanes[0], lanes[0].twin


def _rounds(scenario: Scenario, until_sure: bool) -> int:
    return MOST_ROUNDS if until_sure else scenario.rounds


def _burst(scenario: Scenario, requests: int | None, concurrency: int | None) -> Burst:
    """The scenario's own concurrency is that of its own number of requests."""
    if requests is None:
        requests = scenario.requests
        concurrency = scenario.concurrency if concurrency is None else concurrency
    return Burst(requests, requests if concurrency is None else concurrency)


def _rate(
    rate_rps: float | None,
    duration_s: float | None,
    poisson: bool,
    requests: int | None,
    concurrency: int | None,
) -> Rate | None:
    """The rate that was asked for; None where none was. Raises InvalidPlan for half of one."""
    if rate_rps is None and duration_s is None and not poisson:
        return None
    problems = []
    if rate_rps is None:
        problems.append(Problem("rate", "expected how many requests a second, found none"))
    if duration_s is None:
        problems.append(Problem("duration", "expected how many seconds the rate lasts, found none"))
    if requests is not None:
        message = f"expected none beside a rate (rate x duration says it), found {requests}"
        problems.append(Problem("requests", message))
    if rate_rps is None or duration_s is None or problems:
        raise InvalidPlan(*problems)
    in_flight = MAX_CONCURRENCY if concurrency is None else concurrency
    return Rate(rate_rps, duration_s, poisson=poisson, concurrency=in_flight)


def wait_s(scenario: Scenario, parameters: Mapping[str, float]) -> float | None:
    """How long one request waits, where the scenario is a wait."""
    return parameters[scenario.wait] if scenario.wait else None


def capacity(project: Project, scenario: Scenario, lane: Lane) -> int | None:
    """How many requests a lane promises to serve at a time; None: as many as come."""
    return project.server(lane.server).capacity(scenario.variants[lane.variant])


def theory_s(load: Load, promised: int | None, delay_s: float | None) -> float | None:
    """⌈N/k⌉ · d: when a burst would be over if nothing but the work's own wait took time.

    k is what a lane promises to serve at a time (None: as many as come), and never more than
    is in flight. None where theory has nothing to say: no wait, or a rate.
    """
    if delay_s is None or isinstance(load, Rate):
        return None
    at_a_time = min(promised or load.concurrency, load.concurrency)
    return ceil(load.requests / at_a_time) * delay_s


def estimate_s(project: Project, plan: Plan) -> float | None:
    """How long a run takes: a rate as long as it lasts, a burst as theory says, lane by lane.

    None where the scenario is no wait: nobody can say before trying.
    """
    if isinstance(plan.load, Rate):
        return plan.load.duration_s * len(plan.lanes) * plan.rounds
    scenario = project.scenarios[plan.scenario]
    delay_s = wait_s(scenario, plan.parameters)
    theories = [
        theory_s(plan.load, capacity(project, scenario, lane), delay_s) for lane in plan.lanes
    ]
    known = [theory for theory in theories if theory is not None]
    return sum(known) * plan.rounds if known else None
