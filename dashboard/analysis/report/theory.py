"""Theory beside practice: how long a burst of requests that only wait must take."""

from __future__ import annotations

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.plan.load import Burst
from dashboard.wire.report.lanes import TheoryReport


def theory(metrics: LaneMetrics) -> TheoryReport | None:
    """Return the times for the k that the configuration promises and for the observed k.

    None if there is no theory: the scenario does not wait, or the load is a rate.
    """
    load, wait_s = metrics.load, metrics.config.wait_s
    if not isinstance(load, Burst) or wait_s is None:
        return None
    promised = min(load.concurrency, metrics.config.capacity or load.concurrency)
    peak = metrics.concurrency.peak_of_all or None
    return {
        "wait_s": wait_s,
        "promised_k": promised,
        "promised_s": load.theory_s(promised, wait_s),
        "seen_k": peak,
        "seen_s": peak and load.theory_s(peak, wait_s),
    }
