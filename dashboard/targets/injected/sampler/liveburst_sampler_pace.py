"""Keeps the sampler cheap: its interval follows what looking costs.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

MOST_SHARE = 0.05  # of one core
LONGEST_NS = 250_000_000


def next_interval_ns(interval_ns: int, shortest_ns: int, cpu_share: float) -> int:
    """Return the interval that follows one in which the sampler used this share of a core.

    It is stretched in proportion above MOST_SHARE, and halved again below half of that, but never
    below the shortest.
    """
    if cpu_share > MOST_SHARE:
        stretched = int(interval_ns * cpu_share / MOST_SHARE)
        return max(min(stretched, LONGEST_NS), shortest_ns)
    if cpu_share < MOST_SHARE / 2:
        return max(interval_ns // 2, shortest_ns)
    return interval_ns
