"""The lanes that a view could be served by instead of today's, as far as the project allows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil

from dashboard.project.model.scenario import Scenario, Variant
from dashboard.project.model.server import Server
from dashboard.project.project import Project
from dashboard.project.servers.settings import as_text, parse
from dashboard.targets.preparation.server_packages import missing_packages
from dashboard.wire.errors import InvalidPlan
from dashboard.wire.experiments.survey import Change
from dashboard.wire.plan.plan import Lane

MOST_THREADS = 64  # of a process; a larger pool is fired only as the stand-in of an async view
MOST_PROCESSES = 8
POOL = "gunicorn-gthread"  # what a sync worker is replaced by for more threads
# Where no lane of the scenario has an async variant at a server; the usual ones first.
ASGI_SERVERS = ("uvicorn", "daphne", "hypercorn", "granian-asgi", "gunicorn-asgi")


@dataclass(frozen=True)
class Choice:
    """Another lane for a view: `threads` in each of `processes`, None without a limit.

    `asgi`: its requests make the thread hops of an async view. `stand_in`: as many threads as
    requests, in place of an async view that does not exist. `more_wait_s`: by the lab.toml, it
    waits so much longer (below 0: less) than today's variant.
    """

    change: Change
    lane: Lane
    processes: int
    threads: int | None
    asgi: bool = False
    stand_in: bool = False
    more_wait_s: float = 0.0


@dataclass(frozen=True)
class Subject:
    """A view as it is served today, by a server as a lane names it, and the largest load."""

    project: Project
    scenario: Scenario
    variant: Variant
    server: str
    concurrency: int

    @property
    def lane(self) -> Lane:
        """Today's lane."""
        return Lane(self.variant.name, self.server)

    @property
    def served(self) -> Server:
        """Today's server with its settings in force."""
        return self.project.server(self.server)

    def with_settings(self, values: Mapping[str, int], name: str = "") -> str:
        """Return today's server, or another one, with today's settings and these."""
        own, settings = parse(self.server)
        return as_text(name or own, {**settings, **values})

    def more_wait_s(self, variant: str) -> float:
        """Return how much longer another variant waits than today's; 0 where that is unknown."""
        values = self.scenario.values({})
        own_s = self.scenario.wait_s(self.variant.name, values)
        other_s = self.scenario.wait_s(variant, values)
        return 0.0 if own_s is None or other_s is None else other_s - own_s

    def can_fire(self, variant: Variant, server: str) -> bool:
        """Return True if the project can serve the variant so, with what is installed."""
        try:
            resolved = self.project.server(server)
        except InvalidPlan:
            return False
        refused = self.project.refusal(variant, resolved)
        return refused is None and not missing_packages(self.project, resolved)


def choices_of(subject: Subject) -> Iterator[Choice]:
    """Yield every lane that could be fired instead of today's, and could be faster."""
    async_lane = _async_lane(subject)
    yield from _pools(subject, stands_in=async_lane is None)
    yield from _processes(subject)
    if async_lane is not None:
        served = subject.project.server(async_lane.server)
        more_wait_s = subject.more_wait_s(async_lane.variant)
        lane = (async_lane, served.processes, served.threads)
        yield Choice("async", *lane, asgi=True, more_wait_s=more_wait_s)


def _pools(subject: Subject, *, stands_in: bool) -> Iterator[Choice]:
    """Yield larger pools of threads, by doubling, the last of them as large as the load.

    None if the server has no pool: it starts a thread or a greenlet for each connection.
    """
    served = subject.served
    if served.model != "pool":
        return
    name = "" if served.threads_settable else POOL
    enough = ceil(subject.concurrency / served.processes)
    threads = served.threads or 1
    while threads < enough:
        threads = min(2 * threads, enough)
        server = subject.with_settings({"threads": threads}, name)
        full = threads == enough
        change: Change = "threads" if threads <= MOST_THREADS else "async"
        if (change == "threads" or full) and subject.can_fire(subject.variant, server):
            lane = Lane(subject.variant.name, server)
            yield Choice(change, lane, served.processes, threads, stand_in=full and stands_in)


def _processes(subject: Subject) -> Iterator[Choice]:
    """Yield a process for each core of the machine, up to a usual number."""
    served = subject.served
    processes = min(os.cpu_count() or 1, MOST_PROCESSES)
    server = subject.with_settings({"processes": processes})
    if processes > served.processes and subject.can_fire(subject.variant, server):
        lane = Lane(subject.variant.name, server)
        yield Choice("processes", lane, processes, served.threads)


def _async_lane(subject: Subject) -> Lane | None:
    """Return the first async variant at an ASGI server other than today's lane; None if none."""
    scenario = subject.scenario
    preferred = [lane.variant for lane in scenario.lanes]
    names = dict.fromkeys([*preferred, *scenario.variants])
    for variant in (scenario.variants[name] for name in names if name in scenario.variants):
        if variant.family == "async" and variant.at_a_time is None:
            for server in _asgi_servers(subject, variant):
                lane = Lane(variant.name, server)
                if lane != subject.lane and subject.can_fire(variant, server):
                    return lane
    return None


def _asgi_servers(subject: Subject, variant: Variant) -> Iterator[str]:
    """Yield the ASGI servers to try, today's first, then those of the variant's own lanes."""
    of_lanes = [lane.server for lane in subject.scenario.lanes if lane.variant == variant.name]
    for server in dict.fromkeys([subject.server, *of_lanes, *ASGI_SERVERS]):
        resolved = subject.project.servers.get(server.partition(":")[0])
        if resolved is not None and resolved.interface == "asgi" and resolved.url is None:
            yield server
