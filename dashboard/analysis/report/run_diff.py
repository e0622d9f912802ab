"""Two reports side by side: what was asked and found differently, and the numbers of each lane.

Two runs were fired at different times, so their numbers are shown and no verdict is given: that
needs lanes that take turns in one run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

Report = Mapping[str, Any]

# Of the environment: what differs between any two runs and explains nothing.
PASSING = ("load_average", "time", "started", "ended")


@dataclass(frozen=True)
class Difference:
    """One thing that is not alike; `key` is its path, as `environment.python`."""

    key: str
    first: str
    second: str


@dataclass(frozen=True)
class Pair:
    """One number of a lane in both runs; None where it is not known, or the lane not there."""

    first: float | None
    second: float | None

    @property
    def ratio(self) -> float | None:
        """The second over the first; None where there is none."""
        return self.second / self.first if self.first and self.second is not None else None


@dataclass(frozen=True)
class LanePair:
    """One lane's numbers, by name: milliseconds, requests a second, threads, MB."""

    lane: str
    in_first: bool
    in_second: bool
    numbers: Mapping[str, Pair]


def differences(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """What differs between two plans, or two environments; nested tables by their path."""
    one, other = dict(_flat(first)), dict(_flat(second))
    keys = [*one, *(key for key in other if key not in one)]
    return [
        Difference(key, one.get(key, "–"), other.get(key, "–"))
        for key in keys
        if one.get(key) != other.get(key) and key.rpartition(".")[2] not in PASSING
    ]


def lane_pairs(first: Report, second: Report) -> list[LanePair]:
    """Every lane of either, those of both first, each in the order of its own report."""
    one = {lane["lane"]: lane for lane in first["lanes"]}
    other = {lane["lane"]: lane for lane in second["lanes"]}
    shared = [name for name in one if name in other]
    alone = [name for name in (*one, *other) if name not in shared]
    return [_pair(name, one.get(name), other.get(name)) for name in (*shared, *alone)]


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            yield prefix + key, ", ".join(map(str, value)) or "none"
        else:
            yield prefix + key, str(value)


def _pair(name: str, one: Report | None, other: Report | None) -> LanePair:
    first, second = _numbers(one), _numbers(other)
    keys = first or second
    numbers = {key: Pair(first.get(key), second.get(key)) for key in keys}
    return LanePair(name, one is not None, other is not None, numbers)


def _numbers(lane: Report | None) -> dict[str, float | None]:
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
