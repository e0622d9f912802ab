"""A comparison as the report carries it."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from dashboard.analysis.inference.comparison import Comparison, Interval
from dashboard.analysis.inference.decompose import Factor
from dashboard.wire.codec import to_json
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.verdict import ComparisonReport


def comparison_json(
    comparison: Comparison,
    lane: str,
    causes: Sequence[CauseReport],
    factors: Sequence[Factor] | None,
) -> ComparisonReport:
    """Return the JSON object of a comparison."""
    interval = comparison.interval
    return {
        "lane": lane,
        "answer": comparison.answer,
        "ratio": comparison.ratio,
        "interval": interval_ends(interval),
        "measured_interval": _measured_ends(interval),
        "level": None if interval is None else interval.level,
        "method": None if interval is None else interval.method,
        "rounds": comparison.rounds,
        "round_ratios": None if comparison.between is None else list(comparison.between),
        "causes": list(causes),
        "factors": to_json(factors),
    }


def interval_ends(interval: Interval | None) -> list[float] | None:
    """Return [low, high]; None if so few rounds have no ends."""
    if interval is None or not isfinite(interval.high):
        return None
    return [interval.low, interval.high]


def worst_case_ends(comparison: Comparison) -> list[float] | None:
    """Return the range of a ratio in a disturbed run, with all lateness charged."""
    if comparison.interval is not None:
        return interval_ends(comparison.interval)
    return None if comparison.worst is None else list(comparison.worst)


def _measured_ends(interval: Interval | None) -> list[float] | None:
    """Return [low, high] without any lateness, for a disturbed run."""
    return None if interval is None or interval.measured is None else list(interval.measured)
