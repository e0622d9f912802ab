"""`python -m bench.accuracy`: whether the load generator measures known numbers correctly.

Against a target with k slots and a service time of d, N requests at once take ⌈N / k⌉ · d, within
2 %. A planted delay appears in its segment, within 1 ms at the median, and in no
other. The stamps of every sample are in order. A stall of 1 s once in 10 s at 500/s, on a
pool of ten connections, is in the response time and not in the service time. And p50 and p99
against the same target are those of wrk and h2load, within 5 % or 0.2 ms, each from the first byte
sent.
"""

from __future__ import annotations

import os
import platform
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, inf
from statistics import median

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Burst, Rate
from dashboard.wire.units import NS_PER_MS
from tests.engine.servers.calibrated import child
from tests.engine.servers.planted import PLACES

from .agreement import read_all
from .comparison import CORES, FIRERS_CORE, SERVERS_CORE, CpuTime
from .firing import Fired, fire
from .tools import BenchFailed

REPEATS = 5
TURNS = 11  # beside other tools: the 99th percentile of a single turn is noise
MISSED, FAILED = 1, 3

CALIBRATED = ((40, 4, 0.05), (30, 8, 0.1))  # requests at once, slots, service time in seconds
MAKESPAN_MARGIN = 0.02

PLANTED_MS, SEGMENT_MARGIN_MS = 10, 1.0
SEGMENTS = {
    "server": ("sent", "entered"),
    "framework": ("entered", "view_entered"),
    "view": ("view_entered", "view_left"),
    "delivery": ("view_left", "done"),
}
SHOWS_IN = {
    "accept": "server",
    "before": "server",
    "middleware": "framework",
    "view": "view",
    "body": "delivery",
}
ORDERS = (
    ("due", "sent_first", "sent"),
    ("sent_first", "entered", "view_entered", "view_left", "first_byte", "done"),
)

# 500 requests become due in the stall; the 99th percentile of 5,000 is the fiftieth from above.
STALL, STALL_AFTER_S, STALL_S, POOL = Rate(500, 10, concurrency=10), 5, 1, 10
STALL_P99_MS = 1e3 * (STALL_S - 50 / 500)
STALL_MARGIN_MS = 50

CONNECTIONS, SERVICE_S = 16, 0.01
AGREEMENT_MARGIN, AGREEMENT_MARGIN_MS = 0.05, 0.2


@dataclass(frozen=True)
class Figure:
    """A measured number, and the bounds that it must be within."""

    name: str
    unit: str
    found: float
    least: float
    most: float

    @property
    def missed(self) -> bool:
        """True if it is outside of the bounds."""
        return not self.least <= self.found <= self.most

    def __str__(self) -> str:
        bounds = (f"{bound:.4g}" for bound in (self.least, self.most) if abs(bound) != inf)
        wanted = " to ".join(bounds) if self.least != -inf else f"up to {self.most:.4g}"
        return (
            f"{self.name:<58} {self.found:>9.4g} {self.unit:<3} expected {wanted}"
            f"{'  missed' if self.missed else ''}"
        )


def main() -> int:
    """Measure and print; return 1 if a figure is out of bounds."""
    ArgumentParser(prog="python -m bench.accuracy", description=__doc__).parse_args()
    print(
        f"Python {platform.python_version()}, {len(CORES)} cores: targets on {SERVERS_CORE},"
        f" engine and tools on {FIRERS_CORE}; load {os.getloadavg()[0]:.2f} before"
    )
    before, missed = CpuTime.now(), 0
    os.sched_setaffinity(0, {FIRERS_CORE})
    try:
        for figures in (makespans, segments, coordinated_omission, agreement):
            print(f"\n{figures.__doc__}")
            for figure in figures():
                missed += figure.missed
                print(figure, flush=True)
    except BenchFailed as error:
        print(error, file=sys.stderr)
        return FAILED
    steal_percent = CpuTime.now().steal_percent_since(before)
    print(f"\n{missed} missed; the host took {steal_percent:.2f} % of the time")
    return MISSED if missed else 0


def makespans() -> Iterator[Figure]:
    """Return the total time of N requests at once, k at a time, each for d; median of five."""
    for kind in ("asyncio", "threads"):
        for requests, slots, time_s in CALIBRATED:
            arguments = (kind, "--slots", slots, "--time", time_s)
            with child("calibrated", *arguments, cores={SERVERS_CORE}) as port:
                found_ms = median(_makespan_ms(port, requests) for _ in range(REPEATS))
            theory_ms = ceil(requests / slots) * time_s * 1e3
            name = f"{kind}: N {requests}, k {slots}, d {time_s:g} s"
            low, high = theory_ms * (1 - MAKESPAN_MARGIN), theory_ms * (1 + MAKESPAN_MARGIN)
            yield Figure(name, "ms", found_ms, low, high)


def _makespan_ms(port: int, requests: int) -> float:
    fired = fire(port, Burst(requests, requests))
    return (max(fired.samples["done"]) - min(fired.samples["due"])) / NS_PER_MS


def segments() -> Iterator[Figure]:
    """Return the median segments, with 10 ms planted in one of them."""
    for place in PLACES:
        with child("planted", f"--{place}", PLANTED_MS / 1e3, cores={SERVERS_CORE}) as port:
            fired = fire(port, Burst(50, 1))
        for segment, (begin, end) in SEGMENTS.items():
            planted_ms = PLANTED_MS if SHOWS_IN[place] == segment else 0
            found_ms = median(fired.between(begin, end)) / NS_PER_MS
            low, high = planted_ms - SEGMENT_MARGIN_MS, planted_ms + SEGMENT_MARGIN_MS
            yield Figure(f"planted in {place}: {segment}", "ms", found_ms, low, high)
        yield Figure(f"planted in {place}: samples out of order", "", _out_of_order(fired), 0, 0)


def _out_of_order(fired: Fired) -> int:
    return sum(
        1
        for names in ORDERS
        for instants in zip(*(fired.samples[name] for name in names), strict=True)
        if list(instants) != sorted(instants)
    )


def coordinated_omission() -> Iterator[Figure]:
    """Measure coordinated omission: a stall of 1 s once in 10 s at 500/s, on ten connections."""
    stall = ("--stall-after", STALL_AFTER_S, "--stall", STALL_S)
    arguments = ("asyncio", "--slots", POOL, "--time", 0, *stall)
    with child("calibrated", *arguments, cores={SERVERS_CORE}) as port:
        fired = fire(port, STALL)
    response_ms, service_ms = (_p99_ms(fired, since) for since in ("due", "sent_first"))
    low, high = STALL_P99_MS - STALL_MARGIN_MS, STALL_P99_MS + STALL_MARGIN_MS
    yield Figure("response time, p99", "ms", response_ms, low, high)
    yield Figure("service time, p99", "ms", service_ms, -inf, STALL_MARGIN_MS)


def _p99_ms(fired: Fired, since: str) -> float:
    return (nearest_rank(fired.between(since, "done"), 99.0) or 0) / NS_PER_MS


def agreement() -> Iterator[Figure]:
    """Return load generator minus other tools: 16 connections, d 10 ms; medians of eleven pairs."""
    arguments = ("asyncio", "--slots", CONNECTIONS, "--time", SERVICE_S)
    with child("calibrated", *arguments, cores={SERVERS_CORE}) as port:
        readings = read_all(port, CONNECTIONS, TURNS)
    ours = readings.pop("engine")
    for tool, theirs in readings.items():
        for percentile in ("p50", "p99"):
            pairs = zip(ours, theirs, strict=True)
            more_ms = median(own[percentile] - other[percentile] for own, other in pairs)
            theirs_ms = median(turn[percentile] for turn in theirs)
            margin_ms = max(theirs_ms * AGREEMENT_MARGIN, AGREEMENT_MARGIN_MS)
            name = f"{percentile}, where {tool} found {theirs_ms:.2f} ms"
            yield Figure(name, "ms", more_ms, -margin_ms, margin_ms)


if __name__ == "__main__":
    sys.exit(main())
