"""Causes that are about connections to databases: waited for, or never closed."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.analysis.lane import series
from dashboard.analysis.lane.connections import (
    all_waits_per_request_s,
    longest_waited_for,
    most_leaked,
    wait_per_request_s,
)
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.report.causes import ConnectionsLeak, WaitingForConnection
from dashboard.wire.report.evidence import ConnectionsLeakEvidence, WaitingForConnectionEvidence
from dashboard.wire.report.target_facts import ConnectionFacts
from dashboard.wire.units import MS_PER_S

from .attribution import Gap
from .cause import cpu_is_limit

# Without a pool a connection is opened, which costs CPU time too, and on a busy core that takes
# longer. SQLite only opens a file; what takes long there is the wait for a core.
LEAST_OPENING_S = 0.001
FILES = ("sqlite",)
IDLE_SHARE = 0.5  # of the CPU that it can use; above it a busy core makes an opening longer


def waiting_for_connection(gap: Gap) -> WaitingForConnection | None:
    """Return `waiting-for-connection`: views waited for a pool, or for connections to be opened."""
    slow, facts = gap.slow, longest_waited_for(gap.slow.config)
    if facts is None or cpu_is_limit(slow) or not _waited(slow, facts):
        return None
    others_s = all_waits_per_request_s(gap.fast.config)
    more_s = all_waits_per_request_s(slow.config) - others_s
    if more_s <= 0:
        return None
    pool = facts["pool"]
    evidence: WaitingForConnectionEvidence = {
        "alias": facts["alias"],
        "pool": None if pool is None else pool["limit"],
        "waiting": _waiting(facts),
        "waited_ms_per_request": wait_per_request_s(facts) * MS_PER_S,
        "other_waited_ms_per_request": others_s * MS_PER_S if gap.fast.config.connections else None,
        "opened_per_request": facts["opened"] / max(1, facts["requests"]),
        "can_pool": facts["can_pool"],
        "view_ms_p50": slow.times.view_p50_ms,
        "course": series.connections_open(slow, None if pool is None else pool["limit"]),
    }
    return {
        "name": "waiting-for-connection",
        "lane": slow.name,
        "share": gap.by_length(more_s),
        "evidence": evidence,
    }


def _waiting(facts: ConnectionFacts) -> int:
    """Return how many requests waited at once, at most.

    A pool's own queue is looked at 20 times per second. Of the requests that wanted a connection at
    one moment, it served as many at once as it may have connections.
    """
    pool = facts["pool"]
    if pool is None:
        return facts["waiting_max"]
    return max(pool["waiting"], facts["waiting_max"] - pool["limit"])


def _waited(metrics: LaneMetrics, facts: ConnectionFacts) -> bool:
    """Return True if requests queued for a pool, or waited for openings and not for the CPU."""
    if facts["pool"] is not None:
        return facts["pool"]["queued"] > 0
    if facts["vendor"] in FILES or wait_per_request_s(facts) < LEAST_OPENING_S:
        return False
    return (metrics.resources.least_cpu_share or 0) < IDLE_SHARE


def connection_leaks(*lanes: LaneMetrics) -> Iterator[ConnectionsLeak]:
    """Yield `connections-leak` for each lane that leaves connections open.

    It does not explain the total time, so it has no share.
    """
    for metrics in lanes:
        facts = most_leaked(metrics.config)
        if facts is not None:
            evidence: ConnectionsLeakEvidence = {
                "alias": facts["alias"],
                "leaked": facts["leaked"],
                "left_open": facts["left_open"],
                "open_max": facts["open_max"],
                "opened": facts["opened"],
                "collected": facts["collected"],
                "requests": facts["requests"],
                "max_age_s": facts["max_age_s"],
                "can_pool": facts["can_pool"],
                "course": series.connections_open(metrics, None),
            }
            yield {
                "name": "connections-leak",
                "lane": metrics.name,
                "share": None,
                "evidence": evidence,
            }
