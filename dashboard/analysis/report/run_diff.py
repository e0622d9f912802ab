"""Two reports side by side: how their plans and environments differ, and each lane's numbers.

Two runs were fired at different times, so their numbers are shown without a verdict, which needs
lanes that take turns in one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.report.report import Report

# Parts of the environment that differ between any two runs and explain nothing.
PASSING = ("load_average", "time", "started", "ended")


@dataclass(frozen=True)
class Difference:
    """One value that differs; `key` is its path, such as `environment.python`."""

    key: str
    first: str
    second: str


@dataclass(frozen=True)
class Pair:
    """One number of a lane in both runs; None if it is unknown, or the lane is missing."""

    first: float | None
    second: float | None

    @property
    def ratio(self) -> float | None:
        """The second over the first; None if either is unknown."""
        return self.second / self.first if self.first and self.second is not None else None


@dataclass(frozen=True)
class LanePair:
    """One lane's numbers by name, in the unit that the name ends with."""

    lane: str
    in_first: bool
    in_second: bool
    numbers: Mapping[str, Pair]


def differences(first: Mapping[str, object], second: Mapping[str, object]) -> list[Difference]:
    """Return what differs between two plans or environments, nested tables by their path."""
    values, other_values = dict(_flat(first)), dict(_flat(second))
    return [
        Difference(key, values.get(key, "–"), other_values.get(key, "–"))
        for key in dict.fromkeys((*values, *other_values))
        if values.get(key) != other_values.get(key) and key.rpartition(".")[2] not in PASSING
    ]


def lane_pairs(first: Report, second: Report) -> list[LanePair]:
    """Return every lane of either report, those of both first, in the order of the reports."""
    lanes = {lane["lane"]: lane for lane in first["lanes"]}
    other_lanes = {lane["lane"]: lane for lane in second["lanes"]}
    shared = [name for name in lanes if name in other_lanes]
    alone = [name for name in (*lanes, *other_lanes) if name not in shared]
    return [_pair(name, lanes.get(name), other_lanes.get(name)) for name in (*shared, *alone)]


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield prefix + key, ", ".join(map(str, value)) or "none"
        else:
            yield prefix + key, str(value)


def _pair(name: str, first_report: LaneReport | None, second_report: LaneReport | None) -> LanePair:
    first, second = _numbers(first_report), _numbers(second_report)
    keys = first or second
    numbers = {key: Pair(first.get(key), second.get(key)) for key in keys}
    return LanePair(name, first_report is not None, second_report is not None, numbers)


def _numbers(lane: LaneReport | None) -> dict[str, float | None]:
    if lane is None:
        return {}
    makespans, side = lane["makespan_s"], lane["server_side"]
    return {
        "makespan_s": median(makespans) if makespans else None,
        "throughput_rps": lane["throughput_rps"],
        "p50_ms": lane["latency_ms"]["p50"],
        "p95_ms": lane["latency_ms"]["p95"],
        "p99_ms": lane["latency_ms"]["p99"],
        "errors": float(lane["requests"] - lane["ok"]),
        "peak_in_app": side["peak_in_app"],
        "peak_threads": side["peak_threads"],
        "peak_rss_mb": side["peak_rss_mb"],
        "cpu_ms_per_request": side["cpu_ms_per_request"],
    }
