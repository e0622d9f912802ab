"""Causes that are paid in CPU time: `cpu-bound`, and `thread-cost` as a special case of it."""

from __future__ import annotations

from dashboard.analysis.lane.request_cost import (
    cpu_cost,
    other_cpu_cost,
    other_request_cost,
    request_cost,
)
from dashboard.analysis.samples.resource_use import NOTHING
from dashboard.wire.report.causes import CpuBound, ThreadCost
from dashboard.wire.report.evidence import CpuBoundEvidence, ThreadCostEvidence

from .attribution import Gap
from .cause import cpu_is_limit

THREADS_PER_REQUEST = 0.5
MORE_SWITCHES = 2.0  # times as many as the other lane, and as many more per request
# What threads can cost at most: starting a thread with an event loop of its own took 1.4 ms where
# measured, a switch some microseconds. CPU time above that was spent on something else.
MOST_S_PER_THREAD = 0.002
MOST_S_PER_SWITCH = 0.00002


def cpu_bound(gap: Gap) -> CpuBound | None:
    """Return `cpu-bound`: the lane used nearly all of the CPU that it could."""
    slow, resources, shares = gap.slow, gap.slow.resources, gap.slow.resources.cpu_shares
    if shares is None or not cpu_is_limit(slow):
        return None
    evidence: CpuBoundEvidence = {
        "cpu_share": shares.corrected,
        "own_cpu_share": shares.own,
        "taken_by_others": shares.taken,
        "cores": slow.config.cores,
        "processes": slow.config.processes,
        **cpu_cost(resources),
        # A subclass of these types might have `lines`, too; none has.
        **other_cpu_cost(gap.fast.resources),  # type: ignore[typeddict-item]
    }
    return {"name": "cpu-bound", "lane": slow.name, "share": gap.by_cpu, "evidence": evidence}


def thread_cost(gap: Gap) -> ThreadCost | None:
    """Return `thread-cost`: requests start threads, or switch between them far more often."""
    if not (_starts_threads(gap) or _switches_more(gap)):
        return None
    evidence: ThreadCostEvidence = {
        **request_cost(gap.slow.resources),
        **other_request_cost(gap.fast.resources),
    }
    share = gap.by_cpu_up_to(_most_thread_cost_s(gap))
    return {"name": "thread-cost", "lane": gap.slow.name, "share": share, "evidence": evidence}


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
