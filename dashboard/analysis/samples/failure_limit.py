"""The share of failed requests above which a lane is not compared."""

from __future__ import annotations

from dashboard.wire.report.lanes import LaneReport

MAX_FAILED_SHARE = 0.01


def failed_too_often(lane: LaneReport) -> bool:
    """Return True if more than 1 % of a lane's requests failed."""
    return lane["requests"] - lane["ok"] > MAX_FAILED_SHARE * lane["requests"]
