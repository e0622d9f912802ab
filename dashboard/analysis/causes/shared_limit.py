"""Find the limit that all lanes share if none differs.

"No difference" is half an answer to "would another server or async help?". The other half is which
limit all lanes share. It is read from what was measured in every lane; a quantity that is unknown
in one lane supports no conclusion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

from dashboard.analysis.inference.comparison import Comparison
from dashboard.analysis.lane.cpu_share import LEAST_TICKS, TICK_S
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.report.verdict import LaneLimitReport, SharedLimitName, SharedLimitReport
from dashboard.wire.units import MS_PER_S

from .cause import BUSY_SHARE, CPU_LIMIT_SHARE, WAITING_CPU_SHARE

NARROW = 1.5  # an interval within this excludes that a lane is several times as fast
ALIKE = 1.1  # ratio of a first look, without an interval, from which on lanes seem to differ
MOSTLY_CPU_SHARE = 0.6
LEAST_REQUESTS = 20  # in all rounds; fewer cannot show what is impossible
FIRM = {"cpu-bound", "mostly-cpu", "same-limit", "waiting"}  # these state what cannot help
LIGHT = 0.5  # requests in the view at a time, on average
ALL_OF_THEM = 0.9  # of the requests in flight that were in the view at once

Lanes = Sequence[LaneLimitReport]


def find_shared_limit(
    lanes: Sequence[LaneMetrics], comparisons: Sequence[Comparison]
) -> SharedLimitReport | None:
    """Return the limit that all lanes share; None if any two of them seem to differ."""
    if not comparisons or not all(map(_alike, comparisons)):
        return None
    load = lanes[0].load
    concurrency = load.concurrency if load.kind == "burst" else None
    limits = list(map(_lane_limit, lanes))
    large = all(map(_is_large, lanes))
    for name, fits in _LIMITS:
        if (large or name not in FIRM) and fits(limits, concurrency):
            return {"name": name, "concurrency": concurrency, "lanes": limits}
    return {"name": "unknown", "concurrency": concurrency, "lanes": limits}


def _is_large(metrics: LaneMetrics) -> bool:
    """Return True if it had enough requests, for long enough, to show what is impossible."""
    firings = len(metrics.makespans_s)
    if firings * metrics.load.requests < LEAST_REQUESTS:
        return False
    return fmean(metrics.makespans_s) >= LEAST_TICKS * TICK_S


def _alike(comparison: Comparison) -> bool:
    if comparison.answer == "undecided" and comparison.interval is not None:
        return comparison.interval.low >= 1 / NARROW and comparison.interval.high <= NARROW
    if comparison.answer == "first-look" and comparison.ratio:
        return max(comparison.ratio, 1 / comparison.ratio) <= ALIKE
    return comparison.answer == "no-difference"


def _lane_limit(metrics: LaneMetrics) -> LaneLimitReport:
    cpu_s, cores = metrics.resources.cpu_s, metrics.resources.usable_cores
    burst = metrics.load.kind == "burst"
    return {
        "lane": metrics.name,
        "time_s": fmean(metrics.makespans_s) if burst and metrics.makespans_s else None,
        "cpu_ms_per_request": None if cpu_s is None else MS_PER_S * cpu_s,
        "cpu_share": metrics.resources.cpu_share,
        "own_cpu_share": metrics.resources.own_cpu_share,
        "least_own_cpu_share": metrics.resources.least_own_cpu_share,
        "cpu_alone_s": cpu_s * metrics.load.requests / cores if burst and cpu_s and cores else None,
        "taken_by_others": metrics.resources.taken_by_others,
        "usable_cores": cores,
        "cores": metrics.config.cores,
        "in_view": metrics.concurrency.mean_in_view,
        "peak_in_view": metrics.concurrency.peak_of_all,
        "capacity": metrics.config.capacity,
        "view_ms_p50": metrics.times.view_p50_ms,
        "waits": _waits(metrics),
    }


def _waits(metrics: LaneMetrics) -> bool | None:
    """Return True if the view itself mostly waits, and not in a queue for a thread."""
    if metrics.resources.cpu_s is None or not metrics.times.view_s:
        return None
    executor, serialised = metrics.config.executor, metrics.config.serialised
    queues = (executor is not None and executor.queued > 0) or serialised is not None
    return metrics.resources.cpu_s <= WAITING_CPU_SHARE * metrics.times.view_s and not queues


def _used(lanes: Lanes, share: float) -> bool:
    """Return True if all used this share by themselves; what others used is no limit of theirs."""
    shares = [lane["least_own_cpu_share"] for lane in lanes]
    return all(own is not None and own >= share for own in shares)


def _cpu_bound(lanes: Lanes, concurrency: int | None) -> bool:
    return _used(lanes, CPU_LIMIT_SHARE)


def _mostly_cpu(lanes: Lanes, concurrency: int | None) -> bool:
    return _used(lanes, MOSTLY_CPU_SHARE)


def _light_load(lanes: Lanes, concurrency: int | None) -> bool:
    """Return True for one request in flight, or a rate at which the view was mostly empty."""
    if concurrency is not None:
        return concurrency == 1
    return all(lane["in_view"] is not None and lane["in_view"] < LIGHT for lane in lanes)


def _same_limit(lanes: Lanes, concurrency: int | None) -> bool:
    """Return True if every lane had the same number in the view nearly all the time."""
    peaks = {lane["peak_in_view"] for lane in lanes}
    if len(peaks) != 1 or concurrency is None or not all(lane["waits"] for lane in lanes):
        return False
    peak = peaks.pop() or 0
    flat = all((lane["in_view"] or 0) >= BUSY_SHARE * peak for lane in lanes)
    return flat and 0 < peak < ALL_OF_THEM * concurrency


def _waiting(lanes: Lanes, concurrency: int | None) -> bool:
    """Return True if all requests in flight were in the view, and waited there."""
    return concurrency is not None and all(
        lane["waits"] and (lane["peak_in_view"] or 0) >= ALL_OF_THEM * concurrency for lane in lanes
    )


# The first that fits is returned.
_LIMITS: tuple[tuple[SharedLimitName, Callable[[Lanes, int | None], bool]], ...] = (
    ("cpu-bound", _cpu_bound),
    ("mostly-cpu", _mostly_cpu),
    ("light-load", _light_load),
    ("same-limit", _same_limit),
    ("waiting", _waiting),
)
