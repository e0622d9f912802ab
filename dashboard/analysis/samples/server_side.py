"""What the target of a lane did and what it cost, from its health frames."""

from __future__ import annotations

import numpy as np

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.report.lanes import ServerSide
from dashboard.wire.units import BYTES_PER_MIB, MS_PER_S

from . import resource_use
from .lane_samples import Columns, Integers, Lane
from .loop_holds import HOLDERS
from .percentiles import max_ms, percentile_ms
from .resource_use import BystanderRequestCost

# What the system reports of any process, with or without the probe.
OF_ANY_PROCESS = ("threads", "rss", "cpu")


def request_count(lane: Lane) -> int:
    """Return the number of requests by which resources are divided; 0 if Stop cut any off.

    What those had used by then is unknown, and so is the cost of a request.
    """
    return 0 if lane.cut_off["done"].size else int(lane.samples["done"].size)


def server_side(lane: Lane, cost: BystanderRequestCost | None = None) -> ServerSide:
    """Return peaks of the target's busiest process, and resources summed over its processes.

    `peak_threads` and `peak_rss_mb` add up the peaks of all processes in a firing, for the
    firing where that is largest (a target may be restarted between two); memory that processes
    share is counted in each. CPU is that of the target without the bystander's part, per
    request, with its uncertainty; `cost` is that of one request of the bystander. `loop_lag` is
    the lateness of the event loop's heartbeat, `loop_held` the longest time for which one piece
    of code held the loop.
    """
    health = lane.health
    cpu, threads = resource_use.cpu_s(lane, cost), resource_use.threads(lane, cost)
    requests = request_count(lane)
    cpu_ms = None if cpu is None or not requests else cpu.times(MS_PER_S / requests)
    lags = _reported(health, "loop_lag")
    rss = peak_together(health, "rss")
    return {
        "peak_in_app": max(peak_by_process(health, "peak_in_app"), default=None),
        "peak_in_view": max(peak_by_process(health, "peak_in_view"), default=None),
        "peak_threads": peak_together(health, "threads"),
        "threads_started": None if threads is None else round(threads.value),
        "peak_rss_mb": rss / BYTES_PER_MIB if rss else None,
        "cpu_ms_per_request": None if cpu_ms is None else cpu_ms.value,
        "cpu_ms_per_request_uncertainty": None if cpu_ms is None else cpu_ms.known_uncertainty,
        "loop_lag_ms_p99": percentile_ms(np.sort(lags), 99.0),
        "loop_lag_ms_max": max_ms(lags),
        "loop_held_ms_max": max_ms(_reported(health, "loop_held")),
        "loop_held_by": _longest_holder(health),
    }


def _reported(health: Columns, name: str) -> Integers:
    reported: Integers = health[name][health[name] != UNKNOWN]
    return reported


def _longest_holder(health: Columns) -> str | None:
    """Return the holder of the longest hold; None if the probe did not report holders."""
    held, by = health["loop_held"], health["loop_held_by"]
    return HOLDERS.get(int(by[held.argmax()])) if held.size else None


def requests_by_process(lane: Lane) -> dict[str, int]:
    """Return how many requests each worker process answered, by its id."""
    reported = lane.samples["process"][lane.samples["process"] != UNKNOWN]
    processes, counts = np.unique(reported, return_counts=True)
    return {str(process): int(count) for process, count in zip(processes, counts, strict=True)}


def peak_by_process(health: Columns, name: str) -> list[int]:
    """Return the largest value of a column in each process that reported any."""
    reported = health[name] != UNKNOWN
    processes, values = health["process"][reported], health[name][reported]
    return [int(values[processes == process].max()) for process in np.unique(processes)]


def peak_together(health: Columns, name: str) -> int | None:
    """Return the sum of the peaks of all processes, for the firing where that is largest.

    None if in every firing a process is missing whose value was never read.
    """
    sums = []
    for number in np.unique(health["round"]):
        here = {key: health[key][health["round"] == number] for key in health}
        if not unread(here, name):
            sums.append(sum(peak_by_process(here, name)))
    return max(sums, default=0) or None


def unread(health: Columns, name: str) -> bool:
    """Return True if a process has this column, and no value of it was ever read."""
    if name not in OF_ANY_PROCESS:
        return False
    reported = health[name] != UNKNOWN
    return not {*health["process"].tolist()} <= {*health["process"][reported].tolist()}
