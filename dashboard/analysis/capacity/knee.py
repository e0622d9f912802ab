"""What the knee is: what a configuration has run out of at the rate that it does not hold."""

from __future__ import annotations

from dashboard.wire.experiments.capacity import Knee
from dashboard.wire.report.lanes import LaneReport
from dashboard.wire.units import MS_PER_S

from .judgement import Limits, failed_share

FULL_CORES = 0.85  # of the cores on which it can compute, from which on the CPU is the limit
FULL_THREADS = 0.95  # of one process's threads


def cores_used(lane: LaneReport) -> float | None:
    """Return how many cores the target used on average; None if unknown."""
    cpu_ms, rate = lane["server_side"]["cpu_ms_per_request"], lane["rate"]
    achieved_rps = rate["achieved_rps"] if rate else None
    if cpu_ms is None or achieved_rps is None:
        return None
    return cpu_ms * achieved_rps / MS_PER_S


def knee_of(lane: LaneReport, limits: Limits, computing: int, threads: int | None) -> Knee:
    """Return what a lane had run out of at a rate that it did not hold.

    `computing` is on how many cores it can compute, `threads` the number in each process. A full
    CPU comes first: threads that wait for a core are full as well. `waiting`: neither ran out, so
    what the view waits for became slower.
    """
    used = cores_used(lane)
    if used is not None and used >= FULL_CORES * computing:
        return "cpu"
    peak = lane["server_side"]["peak_in_app"]
    if threads is not None and peak is not None and peak >= FULL_THREADS * threads:
        return "threads"
    memory_mb = lane["server_side"]["peak_rss_mb"]
    if limits.memory_mb is not None and memory_mb is not None and memory_mb > limits.memory_mb:
        return "memory"
    return "errors" if failed_share(lane) > limits.error_share else "waiting"
