"""Theory beside practice: how long a burst of requests that only wait must take."""

from __future__ import annotations

from math import ceil

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.lane_report import TheoryReport


def burst_s(requests: int, at_a_time: int, wait_s: float) -> float:
    """Return ⌈N / k⌉ · d: N requests, k at a time, each of which waits d seconds."""
    return ceil(requests / at_a_time) * wait_s


def theory(metrics: LaneMetrics) -> TheoryReport | None:
    """Return the times for the k that the configuration promises and for the observed k.

    None if there is no theory: the scenario does not wait, or the load is a rate.
    """
    load, wait_s = metrics.load, metrics.config.wait_s
    if load.kind != "burst" or wait_s is None:
        return None
    promised = min(load.concurrency, metrics.config.capacity or load.concurrency)
    peak = metrics.concurrency.peak_of_all or None
    return {
        "wait_s": wait_s,
        "promised_k": promised,
        "promised_s": burst_s(load.requests, promised, wait_s),
        "seen_k": peak,
        "seen_s": peak and burst_s(load.requests, min(peak, load.concurrency), wait_s),
    }
