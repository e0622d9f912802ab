"""What advice is derived from: a report, and plain values of the project's servers and variants."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median
from typing import TypeAlias

from dashboard.wire.plan.load import Burst, Load, load_from_json
from dashboard.wire.plan.plan import MAX_CONCURRENCY
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.units import MS_PER_S


@dataclass(frozen=True)
class ServerChoice:
    """A server as a lane names it, with the settings in force and the bounds of new ones.

    `settings` are those that the lane's text has. `most_processes`, `most_threads` and
    `most_executor`, of the event loop's default executor, are None if the number cannot be chosen.
    """

    name: str
    interface: str
    model: str
    processes: int = 1
    threads: int | None = None
    most_processes: int | None = None
    most_threads: int | None = None
    most_executor: int | None = None
    settings: Mapping[str, int | str] = field(default_factory=dict)

    def with_settings(self, **changes: int) -> str:
        """Return the server's text with these settings: `gunicorn-gthread:threads=32`."""
        # What is given several times is one value here, with commas, and several settings there.
        settings = ",".join(
            f"{name}={value}"
            for name, values in {**self.settings, **changes}.items()
            for value in str(values).split(",")
        )
        return f"{self.name}:{settings}" if settings else self.name

    @property
    def is_pool(self) -> bool:
        """True if each process has a pool of threads whose size can be chosen."""
        return self.model == "pool" and self.most_threads is not None


@dataclass(frozen=True)
class VariantChoice:
    """A variant of the scenario.

    `at_a_time` is how many requests one event loop can handle at once if the code is the limit.
    `polls`: the work is done elsewhere, and the client polls for its result.
    """

    name: str
    family: str
    at_a_time: int | None = None
    polls: bool = False


SourceLine: TypeAlias = Callable[[str, int], str]  # by path and number; empty if it is unknown


def no_source(path: str, line: int) -> str:
    """Return an empty line: nothing was sampled."""
    return ""


def source_of(lanes: Iterable[LaneWhere]) -> SourceLine:
    """Return the lines of code that sampled firings of these lanes stored."""
    stored = {
        (line["path"], number): text
        for lane in lanes
        for line in lane["lines"]
        for number, text in enumerate(line["source"], line["source_from"])
    }
    return lambda path, line: stored.get((path, line), "")


@dataclass(frozen=True)
class Situation:
    """A finished run and what else its project offers.

    `servers` are those of the run's lanes, by their text; `others` are all that the project can be
    served with, the preferred ones first. `can_fire` is True for a lane that the project accepts.
    `source_line` returns a line of the project's code.
    """

    report: Report
    servers: Mapping[str, ServerChoice]
    others: Sequence[ServerChoice]
    variants: Mapping[str, VariantChoice]
    can_fire: Callable[[str], bool]
    source_line: SourceLine = no_source

    @cached_property
    def load(self) -> Load:
        """The load of the run."""
        return load_from_json(self.report["load"])

    @property
    def names(self) -> set[str]:
        """The names of the run's lanes."""
        return {lane["lane"] for lane in self.report["lanes"]}

    def about(self, lane: str) -> Subject | None:
        """Return the lane of that name; None if the project no longer has its parts."""
        for report in self.report["lanes"]:
            server = self.servers.get(report["server"])
            variant = self.variants.get(report["variant"])
            if report["lane"] == lane and server and variant:
                return Subject(self, report, server, variant)
        return None


@dataclass(frozen=True)
class Subject:
    """The lane that a cause was found in."""

    situation: Situation
    lane: LaneReport
    server: ServerChoice
    variant: VariantChoice

    @property
    def name(self) -> str:
        """The name of the lane."""
        return self.lane["lane"]

    @property
    def wait_s(self) -> float | None:
        """How long the view takes: as measured (median), else the scenario's own wait."""
        view_ms = self.lane["segments_ms"]["view"]["p50"]
        if view_ms is not None:
            return view_ms / MS_PER_S
        return self.lane["theory"]["wait_s"] if self.lane["theory"] else None

    @property
    def cpu_s(self) -> float:
        """The CPU time of a request; 0 if it is unknown."""
        return (self.lane["server_side"]["cpu_ms_per_request"] or 0.0) / MS_PER_S

    @property
    def cores(self) -> int | None:
        """How many cores its target has; None if that is unknown."""
        target = self.lane["target"]
        return (len(target.get("cores", ())) or None) if target else None

    @property
    def total_s(self) -> float | None:
        """The total time of a burst (median over the rounds); None for a rate."""
        if not isinstance(self.situation.load, Burst) or not self.lane["makespan_s"]:
            return None
        return float(median(self.lane["makespan_s"]))

    @property
    def in_flight(self) -> int | None:
        """How many requests came at once; at a rate how many are in flight on average, doubled.

        Little's law (Little 1961): rate x time in the view. Doubled, since arrivals clump.
        """
        load = self.situation.load
        if isinstance(load, Burst):
            return load.concurrency
        if self.wait_s is None:
            return None
        return min(MAX_CONCURRENCY, max(2, round(2 * load.rate_rps * self.wait_s)))

    def at(self, server: ServerChoice, variant: str = "", **settings: int) -> str:
        """Return the lane of a variant, by default its own, at a server with these settings."""
        return f"{variant or self.variant.name}@{server.with_settings(**settings)}"

    def can_fire(self, lane: str) -> bool:
        """Return True for a lane that the project accepts and that the run does not have yet."""
        return lane not in self.situation.names and self.situation.can_fire(lane)

    def others(self, family: str) -> Iterator[VariantChoice]:
        """Yield the scenario's other variants of a family."""
        for variant in self.situation.variants.values():
            if variant.family == family and variant.name != self.variant.name:
                yield variant
