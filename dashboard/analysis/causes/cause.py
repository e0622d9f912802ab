"""A cause with its evidence, and the limits that several causes share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.analysis.lane.metrics import LaneMetrics

BUSY_SHARE = 0.75  # of its limit: the number in the application or view is flat there
CPU_LIMIT_SHARE = 0.85  # of the CPU that it can use: above it there is nothing else to wait for
WAITING_CPU_SHARE = 0.5  # of the time in the view: with less CPU than that it mostly waited


@dataclass(frozen=True)
class Cause:
    """One cause; `CauseReport` in JSON.

    `lane` is the lane in which it was found, None if it concerns both. `share` is how much of the
    gap it explains, 0 to 1; None if that is unknown.
    """

    name: str
    lane: str | None
    share: float | None
    evidence: Mapping[str, object]


def cpu_is_limit(metrics: LaneMetrics) -> bool:
    """Return True if the lane used all of the CPU that it could, or nearly all."""
    return (metrics.resources.least_cpu_share or 0) >= CPU_LIMIT_SHARE
