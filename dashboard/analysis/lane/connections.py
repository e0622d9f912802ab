"""What a lane's requests had of connections to databases, from the counts of its probes."""

from __future__ import annotations

from dashboard.wire.report.target_facts import ConnectionFacts
from dashboard.wire.units import MS_PER_S

from .config import LaneConfig

LEAST_LEAKED = 2  # connections; a single one may be that of a request that was cancelled


def wait_per_request_s(facts: ConnectionFacts) -> float:
    """Return how long a request waited for its connections, on average."""
    return facts["waited_ms"] / facts["requests"] / MS_PER_S if facts["requests"] else 0.0


def longest_waited_for(config: LaneConfig) -> ConnectionFacts | None:
    """Return the database whose connections were waited for most; None without a database."""
    return max(config.connections, key=lambda facts: facts["waited_ms"], default=None)


def all_waits_per_request_s(config: LaneConfig) -> float:
    """Return how long a request waited for its connections to all databases, on average."""
    return sum(map(wait_per_request_s, config.connections))


def most_leaked(config: LaneConfig) -> ConnectionFacts | None:
    """Return the database with most connections of no more use; None if there are hardly any."""
    found = max(config.connections, key=lambda facts: facts["leaked"], default=None)
    return found if found is not None and found["leaked"] >= LEAST_LEAKED else None
