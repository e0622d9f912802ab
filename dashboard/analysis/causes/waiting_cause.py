"""The cause `waiting-in-app`: the view was idle, waiting for something outside of the process."""

from __future__ import annotations

from dashboard.analysis.samples.loop_holds import OTHER
from dashboard.wire.report.causes import WaitingInApp
from dashboard.wire.report.evidence import WaitingEvidence

from .attribution import Gap
from .cause import WAITING_CPU_SHARE
from .connection_causes import waiting_for_connection
from .loop_causes import loop_blocked
from .queue_causes import executor_full, serialised_on_one_thread

IDLE_ENOUGH_SHARE = 0.5  # of the CPU that it can use; above it a full core makes views longer
LEAST_IDLE_SHARE = 0.5  # of the views' time, in which the event loop was free


def waiting_in_app(gap: Gap) -> WaitingInApp | None:
    """Return `waiting-in-app` if the view waited, and not for a thread or for the event loop."""
    slow, view_s, cpu = gap.slow, gap.slow.times.view_s, gap.slow.resources.cpu
    if not view_s or cpu is None or cpu.high > WAITING_CPU_SHARE * view_s:
        return None
    if (slow.resources.least_cpu_share or 0) >= IDLE_ENOUGH_SHARE:
        return None
    if executor_full(gap) or serialised_on_one_thread(gap):
        return None
    idle_share = _idle_share(gap)
    if idle_share < LEAST_IDLE_SHARE:
        return None
    evidence: WaitingEvidence = {
        "view_ms_p50": slow.times.view_p50_ms,
        "other_view_ms_p50": gap.fast.times.view_p50_ms,
        "cpu_ms_per_request": slow.resources.cpu_ms,
    }
    share = gap.by_waiting
    return {
        "name": "waiting-in-app",
        "lane": slow.name,
        "share": share and max(0.0, share * idle_share - _explained_by_connections(gap)),
        "evidence": evidence,
    }


def _explained_by_connections(gap: Gap) -> float:
    """Return the share that waits for database connections explain: what for is known then."""
    waited = waiting_for_connection(gap)
    return (waited["share"] or 0.0) if waited else 0.0


def _idle_share(gap: Gap) -> float:
    """Return the part of the views' time in which the event loop was free to continue them.

    A view that awaits even a moment while others hold the loop lasts until the loop is free. So
    with several requests in the view, the part of the total time for which the loop was held is
    missing from what a view can have waited for outside of the process.
    """
    blocked = loop_blocked(gap)
    if blocked is None:
        return 1.0
    if blocked["evidence"].get("holder") == OTHER:
        return 0.0
    alone = gap.slow.concurrency.peak_in_view == 1
    return 1.0 if alone else 1 - gap.loop_held_share
