"""The bystander: a trickle of requests for a fast view of the same target, beside the load."""

from __future__ import annotations

from dashboard.wire.failure import Failure
from dashboard.wire.report.lanes import BystanderCost, BystanderReport, LaneReport
from dashboard.wire.units import NS_PER_MS

from . import resource_use
from .lane_samples import Lane
from .percentiles import median_to_max_ms
from .resource_use import BystanderRequestCost


def bystander(lane: Lane, cost: BystanderRequestCost | None = None) -> BystanderReport | None:
    """Return how the bystander's requests fared beside the load; None if there were none.

    `unanswered` are those still waiting when the load was over. `cost` is that of one of its
    requests at the target, which is not in the lane's numbers; None: unknown.
    """
    samples = lane.bystander
    if not samples["done"].size:
        return None
    ok = samples["error"] == Failure.NONE
    unanswered = samples["error"] == Failure.ABORTED
    lengths = (samples["done"] - samples["due"])[ok]
    return {
        "requests": int(samples["done"].size),
        "ok": int(ok.sum()),
        "errors": int((~ok & ~unanswered).sum()),
        "unanswered": int(unanswered.sum()),
        "latency_ms": median_to_max_ms(lengths),
        "cost": None if cost is None else _cost(lane, cost),
    }


def _cost(lane: Lane, cost: BystanderRequestCost) -> BystanderCost:
    cpu = resource_use.bystander_part(lane, cost.cpu).times(1 / NS_PER_MS)
    switches = resource_use.bystander_part(lane, cost.switches)
    threads = sum(resource_use.growth(lane.health, "neighbour_threads_started"))
    return {
        "cpu_ms": cpu.value,
        "cpu_ms_uncertainty": cpu.uncertainty,
        "switches": switches.value,
        "switches_uncertainty": switches.uncertainty,
        "threads": threads + resource_use.bystander_part(lane, cost.threads).value,
    }


def bystander_wait_ms(lane: LaneReport) -> float | None:
    """Return the bystander's p95 response time, or the longest if its requests were few."""
    report = lane["neighbour"]
    if report is None:
        return None
    latency = report["latency_ms"]
    return latency["max"] if latency["p95"] is None else latency["p95"]
