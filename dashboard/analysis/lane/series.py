"""A quantity over the first whole round of a lane, in few enough points for a report.

Requests in the view are counted exactly, from the stamps at both ends. The moment at which a
request leaves the application has no stamp: it is counted until its last byte arrived, which is
later, and cut at the probe's own peak. How long the loop was held and how many connections were
open come from the reports of the probe, 20 per second.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from dashboard.analysis.samples import server_side, stats
from dashboard.analysis.samples.lane_samples import Integers
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.report.evidence import Course
from dashboard.wire.units import NS_PER_MS

from .metrics import LaneMetrics

POINTS = 60


def in_application(metrics: LaneMetrics, limit: float) -> Course | None:
    """Return the requests in the application over time, with their limit."""
    series = _counted(metrics, "entered", "done", limit)
    most = server_side.peak_together(metrics.lane.health, "peak_in_app")
    if series is not None and most is not None:
        series["values"] = [min(value, float(most)) for value in series["values"]]
    return series


def in_view(metrics: LaneMetrics, limit: float) -> Course | None:
    """Return the requests in the view over time, with their limit."""
    return _counted(metrics, "view_entered", "view_left", limit)


def _counted(metrics: LaneMetrics, begin: str, end: str, limit: float) -> Course | None:
    """Return the peak in each of POINTS slices; None if no whole round has both stamps."""
    samples = metrics.lane.samples
    here = _first_round(metrics, samples["round"])
    if here is None:
        return None
    here &= (samples[begin] != UNKNOWN) & (samples[end] != UNKNOWN)
    starts, ends = samples[begin][here], samples[end][here]
    if not starts.size:
        return None
    last_ns = int(samples["done"][here].max())
    # Ends first: a request that leaves as another one enters was not there beside it.
    moments = np.concatenate([ends, starts])
    changes = np.concatenate([-np.ones(ends.size), np.ones(starts.size)])
    order = np.argsort(moments, kind="stable")
    values = np.zeros(POINTS)
    inside = 0.0
    slices = np.clip(moments[order] * POINTS // max(1, last_ns), 0, POINTS - 1).astype(int)
    position = 0
    for at, change in zip(slices, changes[order], strict=True):
        values[position + 1 : at + 1] = inside
        position = max(position, int(at))
        inside += change
        values[at] = max(values[at], inside)
    return _series(values, last_ns, limit)


def loop_held(metrics: LaneMetrics, limit_ms: float | None) -> Course | None:
    """Return the longest hold of the loop over time, in ms.

    A report covers the time since the one before. With several processes the longest counts.
    """
    health = metrics.lane.health
    here = _first_round(metrics, health["round"])
    if here is None:
        return None
    here &= health["loop_held"] != UNKNOWN
    if here.sum() < 2:
        return None
    processes, at = health["process"][here], health["at"][here]
    held_ms = health["loop_held"][here] / NS_PER_MS
    last_ns = int(max(at.max(), 1))
    slices = np.clip(at * POINTS // last_ns, 0, POINTS - 1).astype(int)
    values = np.zeros(POINTS)
    for process in np.unique(processes):
        begun = 0
        for until, most in zip(
            slices[processes == process], held_ms[processes == process], strict=True
        ):
            since = slice(min(begun, until), until + 1)
            values[since] = np.maximum(values[since], most)
            begun = until + 1
    return _series(values, last_ns, limit_ms)


def connections_open(metrics: LaneMetrics, limit: float | None) -> Course | None:
    """Return the connections to databases over time, of all processes, as of the latest reports."""
    health = metrics.lane.health
    here = _first_round(metrics, health["round"])
    if here is None:
        return None
    here &= health["connections_open"] != UNKNOWN
    if here.sum() < 2:
        return None
    processes, at = health["process"][here], health["at"][here]
    numbers = health["connections_open"][here]
    last_ns = int(max(at.max(), 1))
    slices = np.clip(at * POINTS // last_ns, 0, POINTS - 1).astype(int)
    values = np.zeros(POINTS)
    for process in np.unique(processes):
        of_process = np.zeros(POINTS)
        for since, number in zip(
            slices[processes == process], numbers[processes == process], strict=True
        ):
            of_process[since:] = number
        values += of_process
    return _series(values, last_ns, limit)


def _first_round(metrics: LaneMetrics, rounds: Integers) -> npt.NDArray[np.bool_] | None:
    whole = stats.whole_rounds(metrics.lane, metrics.load.requests)
    return np.equal(rounds, min(whole)) if len(whole) else None


def _series(values: npt.NDArray[np.float64], last_ns: int, limit: float | None) -> Course:
    return {
        "last_ms": last_ns / NS_PER_MS,
        "values": [round(float(value), 3) for value in values],
        "limit": limit,
    }
