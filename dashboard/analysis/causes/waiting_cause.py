"""The cause `waiting-in-app`: the view was idle, waiting for something outside of the process."""

from __future__ import annotations

from dashboard.analysis.samples.loop_holds import OTHER

from .attribution import Gap
from .cause import WAITING_CPU_SHARE, Cause
from .loop_causes import loop_blocked
from .queue_causes import executor_full, serialised_on_one_thread

IDLE_ENOUGH_SHARE = 0.5  # of the CPU that it can use; above it a full core makes views longer


def waiting_in_app(gap: Gap) -> Cause | None:
    """Return `waiting-in-app` if the view waited, and not for a thread or for the event loop."""
    slow, view_s, cpu = gap.slow, gap.slow.times.view_s, gap.slow.resources.cpu
    if not view_s or cpu is None or cpu.high > WAITING_CPU_SHARE * view_s:
        return None
    if (slow.resources.least_cpu_share or 0) >= IDLE_ENOUGH_SHARE:
        return None
    if executor_full(gap) or serialised_on_one_thread(gap):
        return None
    blocked = loop_blocked(gap)
    if blocked is not None and blocked.evidence["holder"] == OTHER:
        return None
    evidence = {
        "view_ms_p50": slow.times.view_p50_ms,
        "other_view_ms_p50": gap.fast.times.view_p50_ms,
        "cpu_ms_per_request": slow.resources.cost_evidence["cpu_ms_per_request"],
        "upstream": slow.config.upstream,
    }
    return Cause("waiting-in-app", slow.name, gap.by_waiting, evidence)
