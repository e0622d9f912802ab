"""Causes that are paid in CPU time: `cpu-bound`, and `thread-cost` as a special case of it."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.samples.resource_use import NOTHING

from .attribution import Gap
from .cause import Cause, cpu_is_limit

THREADS_PER_REQUEST = 0.5
MORE_SWITCHES = 2.0  # times as many as the other lane, and as many more per request
# What threads can cost at most: starting a thread with an event loop of its own took 1.4 ms where
# measured, a switch some microseconds. CPU time above that was spent on something else.
MOST_S_PER_THREAD = 0.002
MOST_S_PER_SWITCH = 0.00002

Evidence = Mapping[str, float | None]


def cpu_bound(gap: Gap) -> Cause | None:
    """Return `cpu-bound`: the lane used nearly all of the CPU that it could."""
    slow, resources = gap.slow, gap.slow.resources
    if not cpu_is_limit(slow):
        return None
    evidence = {
        "cpu_share": resources.cpu_share,
        "own_cpu_share": resources.own_cpu_share,
        "taken_by_others": resources.taken_by_others,
        "cores": slow.config.cores,
        "processes": slow.config.processes,
        **_cpu_cost(slow),
        **_of_other(_cpu_cost(gap.fast)),
    }
    return Cause("cpu-bound", slow.name, gap.by_cpu, evidence)


def thread_cost(gap: Gap) -> Cause | None:
    """Return `thread-cost`: requests start threads, or switch between them far more often."""
    if not (_starts_threads(gap) or _switches_more(gap)):
        return None
    cost, other_cost = gap.slow.resources.cost_evidence, gap.fast.resources.cost_evidence
    share = gap.by_cpu_up_to(_most_thread_cost_s(gap))
    return Cause("thread-cost", gap.slow.name, share, {**cost, **_of_other(other_cost)})


def _cpu_cost(metrics: LaneMetrics) -> Evidence:
    cost = metrics.resources.cost_evidence
    return {name: value for name, value in cost.items() if name.startswith("cpu_ms")}


def _of_other(evidence: Evidence) -> Evidence:
    return {f"other_{name}": value for name, value in evidence.items()}


def _most_thread_cost_s(gap: Gap) -> float:
    """Return the most CPU time per request that more threads and switches can explain."""
    slow, fast = gap.slow.resources, gap.fast.resources
    started = (slow.threads_started or NOTHING).beyond(fast.threads_started or NOTHING)
    switches = (slow.switches or NOTHING).beyond(fast.switches or NOTHING)
    return max(0, started) * MOST_S_PER_THREAD + max(0, switches) * MOST_S_PER_SWITCH


def _starts_threads(gap: Gap) -> bool:
    started = gap.slow.resources.threads_started
    other = gap.fast.resources.threads_started or NOTHING
    if started is None:
        return False
    return started.low >= THREADS_PER_REQUEST and other.high <= started.low / 2


def _switches_more(gap: Gap) -> bool:
    switches, other = gap.slow.resources.switches, gap.fast.resources.switches
    if switches is None or other is None:
        return False
    least, most = switches.low, other.high
    return least >= MORE_SWITCHES * most and least - most >= MORE_SWITCHES
