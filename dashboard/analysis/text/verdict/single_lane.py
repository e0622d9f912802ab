"""The sentence of a run with a single lane, which has no verdict."""

from __future__ import annotations

from statistics import median

from dashboard.analysis.samples.failure_limit import failed_too_often
from dashboard.analysis.text.numbers import milliseconds, seconds_of, significant
from dashboard.wire.plural import counted
from dashboard.wire.report.lanes import LaneReport, RateReport

from .no_comparison import achieved, failures


def single_lane(lane: LaneReport) -> str:
    """Return how long a burst took, or how long a rate's responses; empty if that is unknown."""
    rate = lane.get("rate")
    if rate and rate["keeps_up"] is False:
        return _overload(lane, rate)
    if failed_too_often(lane):
        return f"Requests failed: {failures(lane)}."
    return _rate(lane) if rate else _burst(lane)


def _overload(lane: LaneReport, rate: RateReport) -> str:
    offered = significant(rate["offered_rps"], 3)
    words = f"did not keep up with {offered} requests/s: it achieved {achieved(rate)}"
    return f"{lane['lane']} {words}."


def _rate(lane: LaneReport) -> str:
    p95_ms = lane["latency_ms"]["p95"]
    if p95_ms is None:
        return ""
    return f"{lane['lane']} answered 95 % of its requests within {milliseconds(p95_ms)}."


def _burst(lane: LaneReport) -> str:
    times_s = lane["makespan_s"]
    if not times_s:
        return ""
    several = f" (median of {counted(len(times_s), 'round')})" if len(times_s) > 1 else ""
    return f"{lane['lane']} finished the burst in {seconds_of(median(times_s))}{several}."
