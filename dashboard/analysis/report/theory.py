"""Theory beside practice: how long a burst of pure waiting must take."""

from __future__ import annotations

from math import ceil

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.lane_report import TheoryReport


def burst_s(requests: int, at_a_time: int, wait_s: float) -> float:
    """⌈N / k⌉ · d: so many requests, k at a time, each of which waits d seconds."""
    return ceil(requests / at_a_time) * wait_s


def theory(metrics: LaneMetrics) -> TheoryReport | None:
    """By the k that the configuration promises, and by the k that was seen.

    None where theory has nothing to say: no wait, or a rate.
    """
    load, wait_s = metrics.load, metrics.config.wait_s
    if load.kind != "burst" or wait_s is None:
        return None
    promised = min(load.concurrency, metrics.config.capacity or load.concurrency)
    found = metrics.concurrency.peak_of_all or None
    return {
        "wait_s": wait_s,
        "promised_k": promised,
        "promised_s": burst_s(load.requests, promised, wait_s),
        "seen_k": found,
        "seen_s": None
        if found is None
        else burst_s(load.requests, min(found, load.concurrency), wait_s),
    }
