"""Makes a checked plan from options, the same for page and terminal."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from dashboard.analysis.inference.comparison import FEWEST_ROUNDS, LOOKS, MOST_ROUNDS
from dashboard.project.model.scenario import Scenario
from dashboard.project.project import Project
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.fields import DEFAULT_TIMEOUT_S
from dashboard.wire.plan.plan import (
    ENGINE,
    MAX_CONCURRENCY,
    MAX_RUN_REQUESTS,
    MAX_SEED,
    Burst,
    Lane,
    Load,
    Plan,
    Rate,
)
from dashboard.wire.plan.request_mode import PLAIN

from .time_limit import LIMIT_S


class PlanOptions(TypedDict, total=False):
    """Options that go into the plan unchanged; `Plan` has their meaning and defaults."""

    client: str
    until_sure: bool
    limit_s: float | None
    control: bool
    margin: float
    bystander: bool
    where: bool


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
    """Return a checked plan; options that are not given are the scenario's.

    An A/A run (`control`) has one lane, by default the scenario's first, and fires it beside its
    twin. With `until_sure`, `rounds` is the maximum, by default that of the last look that the
    number of requests allows. Raises InvalidPlan with the problems by field.
    """
    definition = scenario_of(project, scenario)
    chosen = _lanes(definition, lanes, control=options.get("control", False))
    values = definition.values({}) | dict(parameters or {})
    requested = RequestedLoad(
        requests, concurrency, rate_rps, duration_s, poisson, send_kb_per_s, every_s
    )
    with _together_with(project.problems(scenario, chosen, values)):
        load = _load(definition, requested)
        rounds = _rounds(definition, rounds, load, len(chosen), options)
        plan = Plan(
            scenario,
            chosen,
            load,
            rounds,
            _seed(seed),
            values,
            timeout_s,
            mix=definition.mix,
            **options,
        )
    return _checked(definition, plan)


def open_plan(project: Project, **options: Any) -> Plan:
    """Return the plan of a run whose number of rounds is left open, from options of `make_plan`.

    It goes on until it is certain, within a limit of time; a run that has nothing to compare, or
    too many requests for a first look, has the scenario's rounds. Raises InvalidPlan.
    """
    try:
        plan = make_plan(project, **options, until_sure=True, limit_s=LIMIT_S)
    except InvalidPlan:
        return make_plan(project, **options)
    return plan if len(plan.lanes) > 1 else make_plan(project, **options)


def scenario_of(project: Project, name: str) -> Scenario:
    """Return the scenario of that name; raises InvalidPlan if there is none."""
    scenario = project.scenarios.get(name)
    if scenario is None:
        raise InvalidPlan(*project.problems(name, (), {}))
    return scenario


@contextmanager
def _together_with(problems: Sequence[Problem]) -> Iterator[None]:
    """Raise InvalidPlan for these problems and those of an InvalidPlan raised in the block."""
    try:
        yield
    except InvalidPlan as error:
        raise InvalidPlan(*error.problems, *problems) from None
    if problems:
        raise InvalidPlan(*problems)


def _seed(seed: int | None) -> int:
    return random.randint(0, MAX_SEED) if seed is None else seed  # nosec B311 # noqa: S311 - no secret


def _checked(scenario: Scenario, plan: Plan) -> Plan:
    """Return the plan; raises InvalidPlan if its load or client cannot send the requests."""
    if problems := _mode_problems(scenario, plan):
        raise InvalidPlan(*problems)
    return plan


def _mode_problems(scenario: Scenario, plan: Plan) -> list[Problem]:
    """Return what a load or a client cannot do with the request modes of these variants."""
    problems = []
    if plan.mix and plan.client != ENGINE:
        problems.append(Problem("client", f"expected {ENGINE}: no other client can send a mix"))
    modes = [scenario.variants[lane.variant].request_mode(plan.parameters) for lane in plan.lanes]
    if plan.load.send_kb_per_s is not None and not any(mode.upload for mode in modes):
        problems.append(Problem("send_kb_per_s", "expected a variant that uploads, found none"))
    if (
        isinstance(plan.load, Burst)
        and plan.load.every_s
        and not any(mode.websocket for mode in modes)
    ):
        problems.append(Problem("every", "expected a variant that is a websocket, found none"))
    for lane, mode in zip(plan.lanes, modes, strict=True):
        if mode != PLAIN and plan.client != ENGINE:
            message = f"expected {ENGINE}: no other client can send the requests of {lane.variant}"
            problems.append(Problem("client", message))
        if mode.websocket and isinstance(plan.load, Rate):
            message = f"expected a burst: {lane.variant} is a websocket"
            problems.append(Problem("rate", message))
    return problems[:1]


def _lanes(scenario: Scenario, lanes: Sequence[str], *, control: bool) -> tuple[Lane, ...]:
    """Return the named lanes, else the scenario's; for an A/A run one lane and its twin."""
    chosen = tuple(Lane.parse(lane) for lane in lanes) or scenario.lanes
    if not control:
        return chosen
    if len(lanes) > 1:
        names = ", ".join(map(str, chosen))
        raise InvalidPlan(Problem("lanes", f"expected one lane for an A/A run, found {names}"))
    return chosen[0], chosen[0].twin


def _rounds(
    scenario: Scenario, rounds: int | None, load: Load, lanes: int, options: PlanOptions
) -> int:
    until_sure = options.get("until_sure", False)
    if until_sure and rounds is not None and rounds < FEWEST_ROUNDS:
        message = f"expected {FEWEST_ROUNDS} or more for a run until certain, found {rounds}"
        raise InvalidPlan(Problem("rounds", message))
    if rounds is not None:
        return rounds
    if not until_sure:
        return scenario.rounds
    if load.problems():
        return MOST_ROUNDS
    possible = [look for look in LOOKS if look * load.requests * lanes <= MAX_RUN_REQUESTS]
    return max(possible, default=MOST_ROUNDS)


@dataclass(frozen=True)
class RequestedLoad:
    """The load as given by options; None where one is not given.

    A rate needs its duration; the two determine the number of requests. Concurrency defaults to
    the number of requests in a burst (all at once), and to the maximum in a rate.
    """

    requests: int | None
    concurrency: int | None
    rate_rps: float | None
    duration_s: float | None
    poisson: bool
    send_kb_per_s: float | None
    every_s: float | None

    @property
    def rate(self) -> bool:
        """True for a rate, False for a burst."""
        return self.rate_rps is not None or self.duration_s is not None or self.poisson

    @property
    def is_left_to_scenario(self) -> bool:
        """True if no option decides which load it is."""
        return not self.rate and self.requests is None and self.concurrency is None


def _load(scenario: Scenario, requested: RequestedLoad) -> Load:
    send_kb_per_s = requested.send_kb_per_s
    if send_kb_per_s is None:
        send_kb_per_s = scenario.send_kb_per_s
    if scenario.rate_rps and requested.is_left_to_scenario:
        rate_rps, duration_s = scenario.rate_rps, scenario.duration_s
        requested = replace(requested, rate_rps=rate_rps, duration_s=duration_s, poisson=True)
    if requested.rate:
        return _rate(requested, send_kb_per_s)
    requests, concurrency = requested.requests, requested.concurrency
    if requests is None:  # the scenario's concurrency goes with its number of requests
        requests = scenario.requests
        concurrency = scenario.concurrency if concurrency is None else concurrency
    at_once = requests if concurrency is None else concurrency
    every_s = scenario.every_s if requested.every_s is None else requested.every_s
    return Burst(requests, at_once, send_kb_per_s, every_s)


def _rate(requested: RequestedLoad, send_kb_per_s: float | None) -> Rate:
    """Return the requested rate. Raises InvalidPlan if a part of it is missing."""
    problems = []
    if requested.rate_rps is None:
        problems.append(Problem("rate", "expected how many requests per second, found none"))
    if requested.duration_s is None:
        problems.append(Problem("duration", "expected how many seconds the rate lasts, found none"))
    if requested.requests is not None:
        message = f"cannot be combined with a rate, found {requested.requests}"
        problems.append(Problem("requests", message))
    if requested.rate_rps is None or requested.duration_s is None or problems:
        raise InvalidPlan(*problems)
    in_flight = MAX_CONCURRENCY if requested.concurrency is None else requested.concurrency
    return Rate(
        requested.rate_rps, requested.duration_s, requested.poisson, in_flight, send_kb_per_s
    )


def capacity(project: Project, scenario: Scenario, lane: Lane) -> int | None:
    """Return how many requests a lane can handle at once by its definition; None: no limit."""
    return project.server(lane.server).capacity(scenario.variants[lane.variant])


def theory_s(load: Load, promised: int | None, delay_s: float | None) -> float | None:
    """Return ⌈N/k⌉ · d: the total time of a burst if only the work's own wait took time.

    k is the lane's capacity (None: no limit), and at most the concurrency. None for work without a
    wait, and for a rate.
    """
    if delay_s is None or isinstance(load, Rate):
        return None
    return load.theory_s(promised, delay_s)
