"""What all lanes have in common where none differs: the question answered absolutely.

"No difference" is half an answer to "would another server or async help?". The other half is which
limit all lanes share. It is read from what was measured in every lane, and where one lane does not
know a quantity, nothing is concluded from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from dashboard.analysis.inference.comparison import Comparison
from dashboard.analysis.lane.cpu_share import LEAST_TICKS, TICK_S
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.wire.codec import to_json
from dashboard.wire.verdict_report import SharedLimitName, SharedLimitReport

from .cause import BUSY_SHARE, CPU_LIMIT_SHARE, WAITING_CPU_SHARE

NARROW = 1.5  # an interval within this says that no lane is several times as fast
ALIKE = 1.1  # of a first look, which has no interval: from here on something seems to differ
MOSTLY_CPU_SHARE = 0.6
LEAST_REQUESTS = 20  # in all rounds; fewer say nothing of what cannot be
FIRM = {"cpu-bound", "mostly-cpu", "same-limit", "waiting"}  # they say what cannot help
LIGHT = 0.5  # requests in the view at a time, on average
ALL_OF_THEM = 0.9  # of the requests in flight that were in the view at once


@dataclass(frozen=True)
class LaneUsage:
    """What one lane was limited by, as far as that is known.

    `cpu_alone_s` is how long a burst would take if there were nothing but its CPU time to wait for,
    on `usable_cores`: those that it could keep busy, of the `cores` that it may use.
    """

    lane: str
    time_s: float | None
    cpu_ms_per_request: float | None
    cpu_share: float | None
    own_cpu_share: float | None
    least_own_cpu_share: float | None
    cpu_alone_s: float | None
    taken_by_others: float | None
    usable_cores: float | None
    cores: float | None
    in_view: float | None
    peak_in_view: int | None
    capacity: int | None
    view_ms_p50: float | None
    waits: bool | None
    upstream: str | None


@dataclass(frozen=True)
class SharedLimit:
    """The limit that all lanes share, and what each was seen to do. A burst has a concurrency."""

    name: SharedLimitName
    concurrency: int | None
    lanes: tuple[LaneUsage, ...]

    def to_json(self) -> SharedLimitReport:
        """As the verdict carries it."""
        limit: SharedLimitReport = to_json(self)
        return limit


def find_shared_limit(
    lanes: Sequence[LaneMetrics], comparisons: Sequence[Comparison]
) -> SharedLimit | None:
    """Return what all lanes have in common; None where any two of them seem to differ."""
    if not comparisons or not all(map(_alike, comparisons)):
        return None
    load = lanes[0].load
    concurrency = load.concurrency if load.kind == "burst" else None
    standings = tuple(map(_standing, lanes))
    large = all(map(_is_large, lanes))
    for name, fits in _LIMITS:
        if (large or name not in FIRM) and fits(standings, concurrency):
            return SharedLimit(name, concurrency, standings)
    return SharedLimit("unknown", concurrency, standings)


def _is_large(metrics: LaneMetrics) -> bool:
    """Whether it was fired for long enough, at enough requests, to say what cannot be."""
    firings = len(metrics.makespans_s)
    if firings * metrics.load.requests < LEAST_REQUESTS:
        return False
    return fmean(metrics.makespans_s) >= LEAST_TICKS * TICK_S


def _alike(one: Comparison) -> bool:
    if one.answer == "undecided" and one.interval is not None:
        return one.interval.low >= 1 / NARROW and one.interval.high <= NARROW
    if one.answer == "first-look" and one.ratio:
        return max(one.ratio, 1 / one.ratio) <= ALIKE
    return one.answer == "no-difference"


def _standing(metrics: LaneMetrics) -> LaneUsage:
    cpu_s, cores = metrics.resources.cpu_s, metrics.resources.usable_cores
    burst = metrics.load.kind == "burst"
    return LaneUsage(
        lane=metrics.name,
        time_s=fmean(metrics.makespans_s) if burst and metrics.makespans_s else None,
        cpu_ms_per_request=None if cpu_s is None else 1000 * cpu_s,
        cpu_share=metrics.resources.cpu_share,
        own_cpu_share=metrics.resources.own_cpu_share,
        least_own_cpu_share=metrics.resources.least_own_cpu_share,
        cpu_alone_s=cpu_s * metrics.load.requests / cores if burst and cpu_s and cores else None,
        taken_by_others=metrics.resources.taken_by_others,
        usable_cores=cores,
        cores=metrics.config.cores,
        in_view=metrics.concurrency.mean_in_view,
        peak_in_view=metrics.concurrency.peak_of_all,
        capacity=metrics.config.capacity,
        view_ms_p50=metrics.times.view_p50_ms,
        waits=_waits(metrics),
        upstream=metrics.config.upstream,
    )


def _waits(metrics: LaneMetrics) -> bool | None:
    """Whether the view itself mostly waits, and not in line for a thread inside of it."""
    if metrics.resources.cpu_s is None or not metrics.times.view_s:
        return None
    executor = metrics.config.executor
    in_line = (
        executor is not None and executor.queued > 0
    ) or metrics.config.serialised is not None
    return metrics.resources.cpu_s <= WAITING_CPU_SHARE * metrics.times.view_s and not in_line


def _used(standings: Sequence[LaneUsage], share: float) -> bool:
    """By themselves: without others it might be that much faster, so they are no limit."""
    shares = [one.least_own_cpu_share for one in standings]
    return all(own is not None and own >= share for own in shares)


def _cpu_bound(standings: Sequence[LaneUsage], concurrency: int | None) -> bool:
    return _used(standings, CPU_LIMIT_SHARE)


def _mostly_cpu(standings: Sequence[LaneUsage], concurrency: int | None) -> bool:
    return _used(standings, MOSTLY_CPU_SHARE)


def _light_load(standings: Sequence[LaneUsage], concurrency: int | None) -> bool:
    """One request in flight, or a rate at which the view was empty more often than not."""
    if concurrency is not None:
        return concurrency == 1
    return all(one.in_view is not None and one.in_view < LIGHT for one in standings)


def _same_limit(standings: Sequence[LaneUsage], concurrency: int | None) -> bool:
    """As many in the view at a time in every lane, nearly all the time, while others waited."""
    peaks = {one.peak_in_view for one in standings}
    if len(peaks) != 1 or concurrency is None or not all(one.waits for one in standings):
        return False
    peak = peaks.pop() or 0
    flat = all((one.in_view or 0) >= BUSY_SHARE * peak for one in standings)
    return flat and 0 < peak < ALL_OF_THEM * concurrency


def _waiting(standings: Sequence[LaneUsage], concurrency: int | None) -> bool:
    """All that were in flight were in the view, and waited there."""
    return concurrency is not None and all(
        one.waits and (one.peak_in_view or 0) >= ALL_OF_THEM * concurrency for one in standings
    )


# The first that fits is said.
_LIMITS: tuple[tuple[SharedLimitName, Callable[[Sequence[LaneUsage], int | None], bool]], ...] = (
    ("cpu-bound", _cpu_bound),
    ("mostly-cpu", _mostly_cpu),
    ("light-load", _light_load),
    ("same-limit", _same_limit),
    ("waiting", _waiting),
)
