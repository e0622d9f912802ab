"""From what a person asked for to a checked plan, the same for page and terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from typing import TypedDict, Unpack

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, MOST_ROUNDS
from dashboard.project.labtoml.load import Project, Scenario
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan import (
    ENGINE,
    MAX_CONCURRENCY,
    MAX_SEED,
    Burst,
    Lane,
    Load,
    Plan,
    Rate,
)
from dashboard.wire.request_mode import PLAIN

DEFAULT_TIMEOUT_S = 30.0


class PlanOptions(TypedDict, total=False):
    """What goes into the plan as it is; `Plan` says what it means and what it is by default."""

    client: str
    until_sure: bool
    control: bool
    margin: float
    neighbour: bool


def make_plan(
    project: Project,
    *,
    scenario: str,
    requests: int | None = None,
    concurrency: int | None = None,
    rate_rps: float | None = None,
    duration_s: float | None = None,
    poisson: bool = False,
    send_kb_per_s: float | None = None,
    every_s: float | None = None,
    lanes: Sequence[str] = (),
    rounds: int | None = None,
    seed: int | None = None,
    parameters: Mapping[str, float] | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    **options: Unpack[PlanOptions],
) -> Plan:
    """A plan that may be fired; what is not given is the scenario's own.

    A control is of one lane, the first of the scenario where none is named, and fires it beside
    its twin. Until sure, `rounds` is the most, and by default as many as there are looks for.

    A rate needs its duration, and then says itself how many requests there are. Concurrency
    defaults to the number of requests in a burst: everybody at once; and to as many as it
    takes in a rate. Raises InvalidPlan with the problems by field.
    """
    known = _scenario(project, scenario)
    chosen = _lanes(known, lanes, control=options.get("control", False))
    values = known.values({}) | dict(parameters or {})
    wanted = RequestedLoad(
        requests, concurrency, rate_rps, duration_s, poisson, send_kb_per_s, every_s
    )
    with _beside(project.problems(scenario, chosen, values)):
        plan = Plan(
            scenario=scenario,
            lanes=chosen,
            load=_load(known, wanted),
            rounds=_rounds(known, rounds, until_sure=options.get("until_sure", False)),
            seed=random.randint(0, MAX_SEED) if seed is None else seed,  # noqa: S311 - no secret
            parameters=values,
            timeout_s=timeout_s,
            **options,
        )
    if problems := _manner_problems(known, plan):
        raise InvalidPlan(*problems)
    return plan


def _scenario(project: Project, name: str) -> Scenario:
    known = project.scenarios.get(name)
    if known is None:
        raise InvalidPlan(*project.problems(name, (), {}))
    return known


@contextmanager
def _beside(problems: Sequence[Problem]) -> Iterator[None]:
    """All problems together: those that are found in the block, and these."""
    try:
        yield
    except InvalidPlan as error:
        raise InvalidPlan(*error.problems, *problems) from None
    if problems:
        raise InvalidPlan(*problems)


def _manner_problems(scenario: Scenario, plan: Plan) -> list[Problem]:
    """What a load or a client cannot do with the way in which these variants are asked."""
    problems = []
    manners = [scenario.variants[lane.variant].manner(plan.parameters) for lane in plan.lanes]
    if plan.load.send_kb_per_s is not None and not any(manner.upload for manner in manners):
        problems.append(Problem("send_kb_per_s", "expected a variant that uploads, found none"))
    if (
        isinstance(plan.load, Burst)
        and plan.load.every_s
        and not any(manner.websocket for manner in manners)
    ):
        problems.append(Problem("every", "expected a variant that is a websocket, found none"))
    for lane, manner in zip(plan.lanes, manners, strict=True):
        if manner != PLAIN and plan.client != ENGINE:
            message = f"expected {ENGINE}: no other client asks as {lane.variant} is asked"
            problems.append(Problem("client", message))
        if manner.websocket and isinstance(plan.load, Rate):
            message = f"expected a burst: {lane.variant} is a websocket, and is held"
            problems.append(Problem("rate", message))
    return problems[:1]


def _lanes(scenario: Scenario, lanes: Sequence[str], *, control: bool) -> tuple[Lane, ...]:
    """The lanes that were named, else the scenario's own; of a control one and its twin."""
    chosen = tuple(Lane.parse(lane) for lane in lanes) or scenario.lanes
    if not control:
        return chosen
    if len(lanes) > 1:
        found = ", ".join(map(str, chosen))
        raise InvalidPlan(Problem("lanes", f"expected one lane for a control, found {found}"))
    return chosen[0], chosen[0].twin


def _rounds(scenario: Scenario, rounds: int | None, *, until_sure: bool) -> int:
    if until_sure and rounds is not None and rounds < FEWEST_ROUNDS:
        message = (
            f"expected {FEWEST_ROUNDS} or more until sure, whose first look is then, found {rounds}"
        )
        raise InvalidPlan(Problem("rounds", message))
    if rounds is not None:
        return rounds
    return MOST_ROUNDS if until_sure else scenario.rounds


@dataclass(frozen=True)
class RequestedLoad:
    """The load that somebody asked for; what is None was not said."""

    requests: int | None
    concurrency: int | None
    rate_rps: float | None
    duration_s: float | None
    poisson: bool
    send_kb_per_s: float | None
    every_s: float | None

    @property
    def rate(self) -> bool:
        """Whether it is to be a rate, and no burst."""
        return self.rate_rps is not None or self.duration_s is not None or self.poisson


def _load(scenario: Scenario, wanted: RequestedLoad) -> Load:
    slowly = scenario.send_kb_per_s if wanted.send_kb_per_s is None else wanted.send_kb_per_s
    if wanted.rate:
        return _rate(wanted, slowly)
    requests, concurrency = wanted.requests, wanted.concurrency
    if requests is None:  # the scenario's own concurrency is that of its own number of requests
        requests = scenario.requests
        concurrency = scenario.concurrency if concurrency is None else concurrency
    at_once = requests if concurrency is None else concurrency
    every_s = scenario.every_s if wanted.every_s is None else wanted.every_s
    return Burst(requests, at_once, slowly, every_s)


def _rate(wanted: RequestedLoad, send_kb_per_s: float | None) -> Rate:
    """The rate that was asked for. Raises InvalidPlan for half of one."""
    problems = []
    if wanted.rate_rps is None:
        problems.append(Problem("rate", "expected how many requests a second, found none"))
    if wanted.duration_s is None:
        problems.append(Problem("duration", "expected how many seconds the rate lasts, found none"))
    if wanted.requests is not None:
        message = f"expected none beside a rate (rate x duration says it), found {wanted.requests}"
        problems.append(Problem("requests", message))
    if wanted.rate_rps is None or wanted.duration_s is None or problems:
        raise InvalidPlan(*problems)
    in_flight = MAX_CONCURRENCY if wanted.concurrency is None else wanted.concurrency
    return Rate(wanted.rate_rps, wanted.duration_s, wanted.poisson, in_flight, send_kb_per_s)


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
    theories = [
        theory_s(
            plan.load,
            capacity(project, scenario, lane),
            scenario.wait_s(lane.variant, plan.parameters),
        )
        for lane in plan.lanes
    ]
    known = [theory for theory in theories if theory is not None]
    return sum(known) * plan.rounds if known else None
