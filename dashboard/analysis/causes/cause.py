"""The limits that several causes share."""

from __future__ import annotations

from dashboard.analysis.lane.metrics import LaneMetrics

BUSY_SHARE = 0.75  # of its limit: the number in the application or view is flat there
CPU_LIMIT_SHARE = 0.85  # of the CPU that it can use: above it there is nothing else to wait for
WAITING_CPU_SHARE = 0.5  # of the time in the view: with less CPU than that it mostly waited


def cpu_is_limit(metrics: LaneMetrics) -> bool:
    """Return True if the lane used all of the CPU that it could, or nearly all."""
    return (metrics.resources.least_cpu_share or 0) >= CPU_LIMIT_SHARE
