"""Numbers of one lane, pooled over its counted rounds; the words are those of docs/method.md.

Everything is computed from samples and nothing is averaged from averages. What is not
known is None. Times are milliseconds or seconds, as the name says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.lane_report import (
    BystanderCost,
    BystanderReport,
    LatencyMs,
    MedianAndP95,
    MedianToMax,
    MedianToP99,
    SegmentsMs,
    ServerSide,
)
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.units import BYTES_PER_MIB, NS_PER_MS, NS_PER_S

from . import resource_use
from .lane_samples import Columns, Integers, Lane
from .loop_holds import HOLDERS
from .resource_use import NeighbourCost

# What the system says of any process, whether it has the probe or not.
OF_ANY_PROCESS = ("threads", "rss", "cpu")

# A segment of a bar: from which stamp to which. `server` may not be below 0, since a
# server may call the application before the request's body is complete.
SEGMENTS = {
    "client_delay": ("due", "sent_first"),
    "server": ("sent", "entered"),
    "framework": ("entered", "view_entered"),
    "view": ("view_entered", "view_left"),
    "delivery": ("view_left", "done"),
}


def median_ms(lengths_ns: Integers) -> float | None:
    """Return the median in milliseconds; None where there are no lengths."""
    return _percentile_ms(np.sort(lengths_ns), 50.0)


def median_and_p95_ms(lengths_ns: Integers) -> MedianAndP95:
    """Return p50 and p95 in milliseconds, None where the sample cannot carry them."""
    ascending = np.sort(lengths_ns)
    return {"p50": _percentile_ms(ascending, 50.0), "p95": _percentile_ms(ascending, 95.0)}


def _median_to_p99_ms(lengths_ns: Integers) -> MedianToP99:
    ascending = np.sort(lengths_ns)
    return {
        "p50": _percentile_ms(ascending, 50.0),
        "p95": _percentile_ms(ascending, 95.0),
        "p99": _percentile_ms(ascending, 99.0),
    }


def _median_to_max_ms(lengths_ns: Integers) -> MedianToMax:
    return {**_median_to_p99_ms(lengths_ns), "max": _max_ms(lengths_ns)}


def _percentile_ms(ascending: Integers, percent: float) -> float | None:
    length_ns = nearest_rank(ascending, percent)
    return None if length_ns is None else length_ns / NS_PER_MS


def latency_ms(lane: Lane) -> LatencyMs:
    """Response time (done − due) of the samples that succeeded."""
    lengths = (lane.samples["done"] - lane.samples["due"])[lane.ok]
    ascending = np.sort(lengths)
    known = lengths.size > 0
    return {
        "min": float(lengths.min()) / NS_PER_MS if known else None,
        "mean": float(lengths.mean()) / NS_PER_MS if known else None,
        "p50": _percentile_ms(ascending, 50.0),
        "p90": _percentile_ms(ascending, 90.0),
        "p95": _percentile_ms(ascending, 95.0),
        "p99": _percentile_ms(ascending, 99.0),
        "max": float(lengths.max()) / NS_PER_MS if known else None,
    }


def service_ms(lane: Lane) -> MedianToP99:
    """Service time (done − sent_first) of the samples that succeeded."""
    return _median_to_p99_ms((lane.samples["done"] - lane.samples["sent_first"])[lane.ok])


def segments_ms(lane: Lane) -> SegmentsMs:
    """Each segment's p50 and p95, over the samples that succeeded and know both its ends."""
    return {
        "client_delay": median_and_p95_ms(_segment_ns(lane, "client_delay")),
        "server": median_and_p95_ms(_segment_ns(lane, "server")),
        "framework": median_and_p95_ms(_segment_ns(lane, "framework")),
        "view": median_and_p95_ms(_segment_ns(lane, "view")),
        "delivery": median_and_p95_ms(_segment_ns(lane, "delivery")),
    }


def _segment_ns(lane: Lane, segment: str) -> Integers:
    begin, end = SEGMENTS[segment]
    starts, ends = lane.samples[begin], lane.samples[end]
    known = lane.ok & (starts != UNKNOWN) & (ends != UNKNOWN)
    # One copy, clipped where it is: of a million samples each more is 8 MB.
    lengths: Integers = (ends - starts)[known]
    return np.maximum(lengths, 0, out=lengths)


def whole_rounds(lane: Lane, requests: int) -> list[int]:
    """The counted rounds in which all `requests` ran to an end of their own, in order.

    A round that was stopped has no makespan: what it had is shown, but not compared.
    """
    numbers, counts = np.unique(lane.samples["round"], return_counts=True)
    return [int(number) for number in numbers[counts == requests]]


def makespans_s(lane: Lane, requests: int) -> list[float]:
    """Last done − first due, a number for each whole round, in order."""
    samples = lane.samples
    spans = []
    for number in whole_rounds(lane, requests):
        here = samples["round"] == number
        span_ns = samples["done"][here].max() - samples["due"][here].min()
        spans.append(float(span_ns) / NS_PER_S)
    return spans


def throughput_rps(lane: Lane, requests: int) -> float | None:
    """Successful requests of the whole rounds over the sum of their makespans."""
    in_whole = np.isin(lane.samples["round"], whole_rounds(lane, requests))
    ok = int((in_whole & lane.ok).sum())
    return ok / sum(makespans_s(lane, requests)) if ok else None


def errors(lane: Lane) -> dict[str, int]:
    """How many failed, by name, the most frequent first."""
    failed = ~lane.ok
    codes, statuses = lane.samples["error"][failed], lane.samples["status"][failed]
    names = (
        failure_name(int(code), int(status)) for code, status in zip(codes, statuses, strict=True)
    )
    return dict(Counter(names).most_common())


def first_byte_ms(lane: Lane) -> MedianToP99:
    """From when a request was due to the first byte of its answer, of those that succeeded."""
    known = lane.ok & (lane.samples["first_byte"] != UNKNOWN)
    return _median_to_p99_ms((lane.samples["first_byte"] - lane.samples["due"])[known])


def longest_gap_ms(lane: Lane) -> MedianToMax | None:
    """The longest wait between two pieces of an answer; None where that was not watched."""
    gaps = lane.chunks["longest_gap"]
    if not gaps.size:
        return None
    return _median_to_max_ms(gaps[gaps != UNKNOWN])


def neighbour(lane: Lane, cost: NeighbourCost | None = None) -> BystanderReport | None:
    """What somebody else felt who asked the same target for something quick; None: nobody did.

    Those who waited so long that they were given up when the load was over are `unanswered`.
    `cost` is what was counted at the target and is not in the lane's numbers; None: not known.
    """
    asked = lane.neighbour
    if not asked["done"].size:
        return None
    ok = asked["error"] == Failure.NONE
    unanswered = asked["error"] == Failure.ABORTED
    lengths = (asked["done"] - asked["due"])[ok]
    return {
        "requests": int(asked["done"].size),
        "ok": int(ok.sum()),
        "errors": int((~ok & ~unanswered).sum()),
        "unanswered": int(unanswered.sum()),
        "latency_ms": _median_to_max_ms(lengths),
        "cost": None if cost is None else _cost(lane, cost),
    }


def _cost(lane: Lane, cost: NeighbourCost) -> BystanderCost:
    cpu = resource_use.neighbours_part(lane, cost.cpu).times(1 / NS_PER_MS)
    switches = resource_use.neighbours_part(lane, cost.switches)
    threads = sum(resource_use.growth(lane.health, "neighbour_threads_started"))
    return {
        "cpu_ms": cpu.value,
        "cpu_ms_uncertainty": cpu.uncertainty,
        "switches": switches.value,
        "switches_uncertainty": switches.uncertainty,
        "threads": threads + resource_use.neighbours_part(lane, cost.threads).value,
    }


def bystander_wait_ms(lane: Mapping[str, Any]) -> float | None:
    """What of a reported neighbour stands for it: p95, or the longest where they were few."""
    bystander: BystanderReport | None = lane["neighbour"]
    if bystander is None:
        return None
    latency = bystander["latency_ms"]
    return latency["max"] if latency["p95"] is None else latency["p95"]


def asked(lane: Lane) -> int:
    """How many requests shared what the target did; 0 where Stop cut some of them off.

    What those had cost by then is not known, so nothing can be said of a request.
    """
    return 0 if lane.cut_off["done"].size else int(lane.samples["done"].size)


def server_side(lane: Lane, cost: NeighbourCost | None = None) -> ServerSide:
    """What the target did and what it cost: peaks of the busiest process, sums over all.

    `peak_threads` and `peak_rss_mb` add up each process's own peak in a firing, and are those
    of the greatest firing (a target may be restarted between two); memory that processes share
    is counted in each. CPU is the target's without the neighbour's part, over what it answered,
    and known up to its uncertainty; `cost` is the neighbour's for one request. `loop_lag` is how
    late the event loop's heartbeat came, `loop_held` how long one thing held the loop.
    """
    health = lane.health
    cpu, threads = resource_use.cpu_s(lane, cost), resource_use.threads(lane, cost)
    requests = asked(lane)
    cpu_ms = None if cpu is None or not requests else cpu.times(1000 / requests)
    lags = _known(health, "loop_lag")
    rss = peak_together(health, "rss")
    return {
        "peak_in_app": max(peak_by_process(health, "peak_in_app"), default=None),
        "peak_in_view": max(peak_by_process(health, "peak_in_view"), default=None),
        "peak_threads": peak_together(health, "threads"),
        "threads_started": None if threads is None else round(threads.value),
        "peak_rss_mb": rss / BYTES_PER_MIB if rss else None,
        "cpu_ms_per_request": None if cpu_ms is None else cpu_ms.value,
        "cpu_ms_per_request_uncertainty": None if cpu_ms is None else cpu_ms.known_uncertainty,
        "loop_lag_ms_p99": _percentile_ms(np.sort(lags), 99.0),
        "loop_lag_ms_max": _max_ms(lags),
        "loop_held_ms_max": _max_ms(_known(health, "loop_held")),
        "loop_held_by": _longest_holder(health),
    }


def _known(health: Columns, name: str) -> Integers:
    known: Integers = health[name][health[name] != UNKNOWN]
    return known


def _longest_holder(health: Columns) -> str | None:
    """Who held the loop for longest; None where the probe did not say."""
    held, by = health["loop_held"], health["loop_held_by"]
    return HOLDERS.get(int(by[held.argmax()])) if held.size else None


def _max_ms(lengths_ns: Integers) -> float | None:
    return float(lengths_ns.max()) / NS_PER_MS if lengths_ns.size else None


def requests_by_process(lane: Lane) -> dict[str, int]:
    """How many requests each worker process answered, by its id."""
    known = lane.samples["process"][lane.samples["process"] != UNKNOWN]
    processes, counts = np.unique(known, return_counts=True)
    return {str(process): int(count) for process, count in zip(processes, counts, strict=True)}


def peak_by_process(health: Columns, name: str) -> list[int]:
    """The greatest value of a column in each process that reported any."""
    known = health[name] != UNKNOWN
    processes, values = health["process"][known], health[name][known]
    return [int(values[processes == process].max()) for process in np.unique(processes)]


def peak_together(health: Columns, name: str) -> int | None:
    """The peaks of all processes of a firing added up, in the firing where that is greatest.

    None where no firing knows it of each of its processes.
    """
    sums = []
    for number in np.unique(health["round"]):
        here = {key: health[key][health["round"] == number] for key in health}
        if not unread(here, name):
            sums.append(sum(peak_by_process(here, name)))
    return max(sums, default=0) or None


def unread(health: Columns, name: str) -> bool:
    """Whether a process was there of which nobody ever read this column, though it has one."""
    if name not in OF_ANY_PROCESS:
        return False
    known = health[name] != UNKNOWN
    return not {*health["process"].tolist()} <= {*health["process"][known].tolist()}
