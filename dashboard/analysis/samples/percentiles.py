"""Percentiles of lengths of time, by nearest rank, in milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dashboard.wire.percentile import nearest_rank
from dashboard.wire.report.lanes import MedianAndP95, MedianToMax, MedianToP99
from dashboard.wire.units import NS_PER_MS

from .lane_samples import Floats, Integers, Lane


def median_ms(lengths_ns: Integers) -> float | None:
    """Return the median in milliseconds; None without lengths."""
    return percentile_ms(np.sort(lengths_ns), 50.0)


def median_and_p95_ms(lengths_ns: Integers) -> MedianAndP95:
    """Return p50 and p95 in milliseconds; None with too few samples."""
    ascending = np.sort(lengths_ns)
    return {"p50": percentile_ms(ascending, 50.0), "p95": percentile_ms(ascending, 95.0)}


def median_to_p99_ms(lengths_ns: Integers) -> MedianToP99:
    """Return p50, p95 and p99 in milliseconds; None with too few samples."""
    ascending = np.sort(lengths_ns)
    return {
        "p50": percentile_ms(ascending, 50.0),
        "p95": percentile_ms(ascending, 95.0),
        "p99": percentile_ms(ascending, 99.0),
    }


def median_to_max_ms(lengths_ns: Integers) -> MedianToMax:
    """Return p50, p95, p99 and the maximum in milliseconds."""
    return {**median_to_p99_ms(lengths_ns), "max": max_ms(lengths_ns)}


def percentile_ms(ascending: Integers, percent: float) -> float | None:
    """Return a percentile of sorted lengths in milliseconds; None with too few samples."""
    length_ns = nearest_rank(ascending, percent)
    return None if length_ns is None else length_ns / NS_PER_MS


def max_ms(lengths_ns: Integers) -> float | None:
    """Return the maximum in milliseconds; None without lengths."""
    return float(lengths_ns.max()) / NS_PER_MS if lengths_ns.size else None


def response_ms(lane: Lane) -> Floats:
    """Return the response times of the successful requests, ascending."""
    lengths_ns = (lane.samples["done"] - lane.samples["due"])[lane.ok]
    ascending: Floats = np.sort(lengths_ns) / NS_PER_MS
    return ascending


def percentiles_ms(ascending: Floats, percents: Sequence[float]) -> Floats:
    """Return percentiles by nearest rank; NaN without values."""
    if not ascending.size:
        return np.full(len(percents), np.nan)
    ranks = np.ceil(np.round(np.asarray(percents) * ascending.size / 100, 6)).astype(int)
    values: Floats = ascending[np.maximum(ranks, 1) - 1]
    return values
