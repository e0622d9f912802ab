"""The question of a capacity: a rate, its limits, and the configurations that could hold it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite
from typing import ClassVar, cast

from dashboard.analysis.capacity.bisection import MOST_RATES
from dashboard.analysis.capacity.judgement import Limits
from dashboard.analysis.capacity.ladder import MOST_TRIED
from dashboard.project.model.scenario import Scenario
from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.project.servers.settings import as_text, bounds, parse, with_settings
from dashboard.runs.planning.plans import make_plan, scenario_of
from dashboard.runs.queue.experiment import MAX_REQUESTS_OF_ALL
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.wire.codec import JsonObject
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.percentile import FEWEST_SAMPLES
from dashboard.wire.plan.plan import (
    MAX_RATE_RPS,
    MAX_REQUESTS,
    MAX_RUN_REQUESTS,
    Burst,
    Lane,
    Plan,
    Rate,
)
from dashboard.wire.stored.questions import CapacityQuestion

USUAL_ROUNDS, FEWEST_ROUNDS, MOST_ROUNDS = 3, 3, 10
USUAL_DURATION_S, LEAST_DURATION_S = 4.0, 1.0
USUAL_ERROR_SHARE = 0.001
PROCESSES = (1, 2, 4, 8)
THREADS = (1, 2, 4, 8, 16, 32, 64)
MOST_LADDERS = 3
ALONE_REQUESTS, ALONE_ROUNDS = 7, 3  # 21 in all: the fewest with a p95
LEAST_RPS = 1.0


@dataclass(frozen=True)
class Configured:
    """A lane and how it is served: `threads` in each of `processes`, None without a limit."""

    lane: Lane
    processes: int
    threads: int | None


@dataclass(frozen=True)
class Ladder:
    """The configurations of one variant at one server; `alone` is fired one request at a time."""

    alone: Lane
    configurations: tuple[Configured, ...]


@dataclass(frozen=True)
class Capacity(JsonObject):
    """The question: `plan` is that of every run, except for its lane and its rate."""

    ignores_unknown_keys: ClassVar[bool] = True

    plan: Plan
    limits: Limits
    duration_s: float
    ladders: tuple[Ladder, ...]

    def to_json(self) -> CapacityQuestion:
        """Return the question as it is stored with its experiment."""
        return cast(CapacityQuestion, super().to_json())

    def plan_alone(self, ladder: Ladder) -> Plan:
        """Return the plan of a ladder's first run."""
        load = Burst(ALONE_REQUESTS, 1)
        return replace(self.plan, lanes=(ladder.alone,), load=load, rounds=ALONE_ROUNDS)

    def plan_at(self, lane: Lane, rate_rps: float) -> Plan:
        """Return the plan of one configuration at a rate."""
        load = Rate(rate_rps, self.duration_s, poisson=True)
        return replace(self.plan, lanes=(lane,), load=load)

    @property
    def least_rps(self) -> float:
        """The lowest rate of which each round has a p95, in whole requests per second."""
        return max(LEAST_RPS, float(ceil(FEWEST_SAMPLES[95.0] / self.duration_s)))

    @property
    def most_rps(self) -> float:
        """The highest rate that is fired, in whole requests per second.

        A run and all runs together have limits; the search for the least configuration needs its
        part of the latter before anything is bisected.
        """
        each_s = self.plan.rounds * self.duration_s
        searched = len(self.ladders) * MOST_TRIED * self.limits.rate_rps * each_s
        bisected_rps = (MAX_REQUESTS_OF_ALL - searched) / (MOST_RATES * each_s)
        firing = min(MAX_REQUESTS, MAX_RUN_REQUESTS // self.plan.rounds)
        return float(floor(min(MAX_RATE_RPS, firing / self.duration_s, bisected_rps)))


def make_capacity(
    project: Project,
    *,
    scenario: str,
    rate_rps: float,
    p95_ms: float,
    error_share: float = USUAL_ERROR_SHARE,
    memory_mb: float | None = None,
    lanes: Sequence[str] = (),
    rounds: int = USUAL_ROUNDS,
    duration_s: float = USUAL_DURATION_S,
    seed: int | None = None,
    parameters: Mapping[str, float] | None = None,
) -> Capacity:
    """Return a checked question. Raises InvalidPlan with the problems by field.

    `lanes` are variants at servers, whose processes and threads are varied as far as the servers
    have those settings; by default the scenario's first lane of each family.
    """
    definition = scenario_of(project, scenario)
    limits = Limits(float(rate_rps), float(p95_ms), float(error_share), memory_mb)
    _check(limits, rounds, duration_s)
    chosen = [Lane.parse(lane) for lane in lanes] or first_of_each_family(definition)
    plan = make_plan(
        project,
        scenario=scenario,
        lanes=[str(lane) for lane in chosen],
        rate_rps=rate_rps,
        duration_s=duration_s,
        poisson=True,
        rounds=rounds,
        seed=seed,
        parameters=parameters,
        bystander=False,
    )
    ladders = tuple(_ladders(project, definition, chosen))
    capacity = Capacity(replace(plan, lanes=plan.lanes[:1]), limits, duration_s, ladders)
    _check_size(capacity)
    return capacity


def _check(limits: Limits, rounds: int, duration_s: float) -> None:
    problems = [
        *_outside("rate", limits.rate_rps, LEAST_RPS, MAX_RATE_RPS),
        *_outside("p95", limits.p95_ms, 0.1, 60_000, " ms"),
        *_outside("error", limits.error_share, 0, 0.5),
        *_outside("memory", limits.memory_mb, 1, 999_999, " MiB"),
        *_outside("rounds", rounds, FEWEST_ROUNDS, MOST_ROUNDS),
        *_outside("duration", duration_s, LEAST_DURATION_S, 60, " s"),
    ]
    if problems:
        raise InvalidPlan(*problems)


def _check_size(capacity: Capacity) -> None:
    """Raise InvalidPlan if the rate has too few requests for a p95, or too many in all runs."""
    if capacity.limits.rate_rps < capacity.least_rps:
        message = f"expected {FEWEST_SAMPLES[95.0]} requests in each round, which a p95 needs"
        raise InvalidPlan(Problem("duration", f"{message}, found {capacity.duration_s:g} s"))
    if capacity.limits.rate_rps > capacity.most_rps:
        message = f"expected at most {MAX_REQUESTS_OF_ALL:,} requests in all runs"
        shorter = f"found {capacity.limits.rate_rps:g}/s for {capacity.duration_s:g} s"
        raise InvalidPlan(Problem("duration", f"{message}, {shorter} in up to {_runs(capacity)}"))


def _runs(capacity: Capacity) -> str:
    runs = len(capacity.ladders) * MOST_TRIED + MOST_RATES
    return f"{runs} runs of {capacity.plan.rounds} rounds"


def _outside(
    field: str, value: float | None, low: float, high: float, unit: str = ""
) -> Iterator[Problem]:
    if value is not None and not (isfinite(value) and low <= value <= high):
        yield Problem(field, f"expected {low:g} to {high:g}{unit}, found {value:g}")


def first_of_each_family(scenario: Scenario) -> list[Lane]:
    """Return the scenario's first lane of each family, with its settings."""
    lanes: dict[str, Lane] = {}
    for lane in scenario.lanes:
        lanes.setdefault(scenario.variants[lane.variant].family, lane)
    return list(lanes.values())


def _ladders(project: Project, scenario: Scenario, lanes: Sequence[Lane]) -> Iterator[Ladder]:
    """Yield a ladder for each lane. Raises InvalidPlan for one that cannot be fired."""
    if len(lanes) > MOST_LADDERS:
        message = f"expected at most {MOST_LADDERS}, found {len(lanes)}"
        raise InvalidPlan(Problem("lanes", message))
    for lane in dict.fromkeys(lanes):
        server = project.server(lane.server)
        if server.url is not None:
            message = f"expected a server that Liveburst starts, {server.name} is external"
            raise InvalidPlan(Problem("lanes", message))
        if missing := missing_packages(project, server):
            raise InvalidPlan(Problem("lanes", missing))
        yield Ladder(lane, tuple(_configurations(scenario, lane, server)))


def _configurations(scenario: Scenario, lane: Lane, server: Server) -> Iterator[Configured]:
    """Yield the lane with other numbers of processes and threads, its other settings unchanged."""
    variant, settable = scenario.variants[lane.variant], bounds(server)
    name, settings = parse(lane.server)
    for processes in PROCESSES if "processes" in settable else (server.processes,):
        for threads in THREADS if "threads" in settable else (server.threads,):
            own = {"processes": processes, "threads": threads}
            values = {key: value for key, value in own.items() if key in settable and value}
            served = with_settings(server, values)
            capacity = served.capacity(variant)
            yield Configured(
                Lane(lane.variant, as_text(name, {**settings, **values})),
                processes,
                None if capacity is None else max(1, capacity // processes),
            )
