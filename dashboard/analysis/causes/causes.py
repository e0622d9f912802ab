"""What made the difference: each cause of docs/method.md with the evidence that it was read from.

A cause is looked for in the slower of two lanes, next to the faster one. It is named when its
evidence is there *and* what it acts on explains at least a tenth of the gap; causes are ranked by
the share that they explain. No cause is a legitimate answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dashboard.analysis.samples.loop_holds import AROUND, OTHER, VIEW
from dashboard.analysis.samples.resource_use import NOTHING
from dashboard.wire.verdict_report import CauseReport

from . import series
from .attribution import Gap
from .buffering import buffering_evidence
from .lane_metrics import LaneMetrics

LEAST_SHARE = 0.1  # of the gap; what explains less is left unsaid
BUSY_SHARE = 0.75  # of its limit: the count in the application is flat there
CPU_LIMIT_SHARE = 0.85  # of the CPU that it can use: above it there is nothing else to wait for
HEARTBEAT_MS = 10.0  # the loop's heartbeat: a shorter block cannot be told from none
HELD_SHARE_OF_VIEW = 0.5  # of the time in views: one that waits for less does not hold the loop
WAITING_CPU_SHARE = 0.5  # of the time in the view: with less CPU than that it mostly waited
IDLE_ENOUGH_SHARE = 0.5  # of the CPU that it can use: above it views take longer by the crowd
THREADS_PER_REQUEST = 0.5
# What threads can cost at most: a thread that is started with an event loop of its own took 1.4 ms
# where measured, a switch some microseconds. CPU time above that was spent on something else.
MOST_S_PER_THREAD = 0.002
MOST_S_PER_SWITCH = 0.00002
MORE_SWITCHES = 2.0  # times as many as the other lane, and as many more for each request


@dataclass(frozen=True)
class Cause:
    """One cause. `lane` is the one it was found in, None where it concerns both.

    `share` is how much of the gap it explains, 0 to 1, None where that cannot be told.
    """

    name: str
    lane: str | None
    share: float | None
    evidence: Mapping[str, object]

    def to_json(self) -> CauseReport:
        """The cause as the report carries it."""
        return {
            "name": self.name,
            "lane": self.lane,
            "share": self.share,
            "evidence": dict(self.evidence),
        }


def find_causes(slow: LaneMetrics, fast: LaneMetrics) -> list[Cause]:
    """Every cause that fits, the one that explains most first."""
    gap = Gap(slow, fast)
    found = [cause for look in _LOOKS if (cause := look(gap)) is not None]
    named = [one for one in found if (one.share or 0) >= LEAST_SHARE]
    named.sort(key=lambda cause: -(cause.share or 0))
    return named + list(buffering_causes(slow, fast))


def buffering_causes(first: LaneMetrics, second: LaneMetrics) -> Iterator[Cause]:
    """`not-streaming`: one of the two holds its answers back until they are whole.

    It says nothing of the makespan, so it has no share.
    """
    for whole, streamed in ((first, second), (second, first)):
        evidence = buffering_evidence(whole, streamed)
        if evidence is not None:
            yield Cause("not-streaming", whole.name, None, evidence)


def _cpu_is_limit(metrics: LaneMetrics) -> bool:
    return (metrics.least_cpu_share or 0) >= CPU_LIMIT_SHARE


def _server_grew(gap: Gap) -> bool:
    slow, fast = gap.slow.server_s, gap.fast.server_s
    return slow is not None and (fast is None or slow > fast)


def _threads_busy(gap: Gap) -> Cause | None:
    slow, threads = gap.slow, gap.slow.config.threads
    if threads is None or threads < 2 or slow.in_app_while_waiting is None:
        return None
    limit = threads * slow.config.processes
    flat = slow.peak_in_app == threads and slow.in_app_while_waiting >= BUSY_SHARE * limit
    if not flat or not _server_grew(gap) or _cpu_is_limit(slow):
        return None
    evidence = {
        "processes": slow.config.processes,
        "threads": threads,
        "peak_in_app": slow.peak_in_app,
        **_queue(gap, limit),
        "course": series.in_application(slow, limit),
    }
    return Cause("threads-busy", slow.name, gap.by_concurrency, evidence)


def _one_at_a_time(gap: Gap) -> Cause | None:
    slow = gap.slow
    if slow.peak_in_app != 1 or not _server_grew(gap) or _cpu_is_limit(slow):
        return None
    evidence = {
        "processes": slow.config.processes,
        "peak_in_app": slow.peak_in_app,
        **_queue(gap, slow.config.processes),
        "course": series.in_application(slow, slow.config.processes),
    }
    return Cause("one-at-a-time", slow.name, gap.by_concurrency, evidence)


def _queue(gap: Gap, limit: int) -> dict[str, object]:
    """How many stood in the server's queue, and for how long."""
    concurrency = gap.slow.load.concurrency if gap.slow.load.kind == "burst" else None
    return {
        "waiting": None if concurrency is None else max(0, concurrency - limit),
        "waited_ms_p50": gap.slow.waited_ms(limit),
        "server_ms_p95": gap.slow.server_ms["p95"],
        "other_server_ms_p95": gap.fast.server_ms["p95"],
    }


def _loop_blocked(gap: Gap) -> Cause | None:
    slow = gap.slow
    if (slow.peak_in_app or 0) < 2 or _cpu_is_limit(slow):
        return None
    found = [cause for look in _HOLDERS if (cause := look(gap)) is not None]
    return max(found, key=lambda cause: cause.share or 0, default=None)


def _held_by_the_view(gap: Gap) -> Cause | None:
    """A view is blamed where it held the loop for most of its own length, and for no more."""
    slow, held, view_ms = gap.slow, gap.slow.held.get(VIEW), gap.slow.view_p50_ms
    if held is None or view_ms is None or slow.peak_in_view != 1:
        return None
    longest_ms = min(held.longest_ms, slow.view_max_ms or 0)
    if longest_ms <= max(HEARTBEAT_MS, view_ms / 2):
        return None
    if held.sum_s < HELD_SHARE_OF_VIEW * slow.all_views_s:
        return None
    return _blocked(gap, VIEW, longest_ms, gap.by_concurrency)


def _held_around_the_view(gap: Gap) -> Cause | None:
    held = gap.slow.held.get(AROUND)
    if held is None or held.longest_ms <= HEARTBEAT_MS:
        return None
    if gap.slow.held_ms_each(AROUND) < HEARTBEAT_MS / 2:  # else it may have been a pause, once
        return None
    return _blocked(gap, AROUND, held.longest_ms, gap.by_holder(AROUND))


def _held_by_something_else(gap: Gap) -> Cause | None:
    held = gap.slow.held.get(OTHER)
    if held is None or held.longest_ms <= 2 * HEARTBEAT_MS:
        return None
    return _blocked(gap, OTHER, held.longest_ms, gap.by_holder(OTHER))


def _held_by_nobody_knows_whom(gap: Gap) -> Cause | None:
    """Of a run whose probe did not say who held the loop."""
    slow, held, view_ms = gap.slow, gap.slow.loop_held_ms, gap.slow.view_p50_ms
    if slow.held or held is None or view_ms is None or slow.peak_in_view != 1:
        return None
    if held <= max(HEARTBEAT_MS, view_ms / 2):
        return None
    return _blocked(gap, None, held, gap.by_concurrency)


def _blocked(gap: Gap, holder: str | None, longest_ms: float, share: float | None) -> Cause:
    slow = gap.slow
    by_view = holder in {VIEW, None}
    evidence = {
        "holder": holder,
        "peak_in_app": slow.peak_in_app,
        "peak_in_view": slow.peak_in_view,
        "loop_held_ms_max": longest_ms,
        "held_ms_per_request": None if holder is None else slow.held_ms_each(holder),
        "view_ms_p50": slow.view_p50_ms,
        "course": series.loop_held(slow, slow.view_p50_ms if by_view else None),
    }
    return Cause("loop-blocked", slow.name, share, evidence)


_HOLDERS: tuple[Callable[[Gap], Cause | None], ...] = (
    _held_by_the_view,
    _held_around_the_view,
    _held_by_something_else,
    _held_by_nobody_knows_whom,
)


def _serialised(gap: Gap) -> Cause | None:
    found = gap.slow.config.serialised
    if found is None:
        return _one_thread_for_all(gap)
    share = gap.by_length(found["lost_ms"] / 1000)
    return Cause("serialised-on-one-thread", gap.slow.name, share, found)


def _one_thread_for_all(gap: Gap) -> Cause | None:
    """The same among requests, where all of a process have one thread for their sync work."""
    executor = gap.slow.config.executor
    if executor is None or not executor.shared:
        return None
    evidence = {
        "queued": executor.queued,
        "service_ms_p50": gap.slow.whole_ms,
        "other_service_ms_p50": gap.fast.whole_ms,
    }
    return Cause("serialised-on-one-thread", gap.slow.name, gap.by_service, evidence)


def _executor_full(gap: Gap) -> Cause | None:
    slow, executor = gap.slow, gap.slow.config.executor
    if executor is None or executor.shared:
        return None
    if executor.threads < executor.limit or not executor.queued:
        return None
    evidence = {
        "limit": executor.limit,
        "threads": executor.threads,
        "queued": executor.queued,
        "peak_in_view": slow.peak_in_view,
        "view_ms_p50": slow.view_p50_ms,
        "other_view_ms_p50": gap.fast.view_p50_ms,
        "course": series.in_view(slow, executor.limit * slow.config.processes),
    }
    return Cause("executor-full", slow.name, gap.by_view, evidence)


def _cpu_bound(gap: Gap) -> Cause | None:
    slow = gap.slow
    if not _cpu_is_limit(slow):
        return None
    evidence = {
        "cpu_share": slow.cpu_share,
        "own_cpu_share": slow.own_cpu_share,
        "taken_by_others": slow.taken,
        "cores": slow.config.cores,
        "processes": slow.config.processes,
        **_cpu_price(slow),
        **_of_the_other(_cpu_price(gap.fast)),
    }
    return Cause("cpu-bound", slow.name, gap.by_cpu, evidence)


def _thread_cost(gap: Gap) -> Cause | None:
    if not (_starts_threads(gap) or _switches_more(gap)):
        return None
    others = _of_the_other(gap.fast.price)
    share = gap.by_cpu_up_to(_threads_could_cost_s(gap))
    return Cause("thread-cost", gap.slow.name, share, {**gap.slow.price, **others})


def _cpu_price(metrics: LaneMetrics) -> dict[str, object]:
    return {name: value for name, value in metrics.price.items() if name.startswith("cpu_ms")}


def _of_the_other(price: Mapping[str, object]) -> dict[str, object]:
    return {f"other_{name}": value for name, value in price.items()}


def _threads_could_cost_s(gap: Gap) -> float:
    """The most CPU time that more threads and switches explain, a request."""
    slow, fast = gap.slow, gap.fast
    started = (slow.threads_started or NOTHING).beyond(fast.threads_started or NOTHING)
    switches = (slow.switches or NOTHING).beyond(fast.switches or NOTHING)
    return max(0, started) * MOST_S_PER_THREAD + max(0, switches) * MOST_S_PER_SWITCH


def _starts_threads(gap: Gap) -> bool:
    started, other = gap.slow.threads_started, gap.fast.threads_started or NOTHING
    if started is None:
        return False
    return started.low >= THREADS_PER_REQUEST and other.high <= started.low / 2


def _switches_more(gap: Gap) -> bool:
    switches, other = gap.slow.switches, gap.fast.switches
    if switches is None or other is None:
        return False
    least, most = switches.low, other.high
    return least >= MORE_SWITCHES * most and least - most >= MORE_SWITCHES


def _waiting_in_app(gap: Gap) -> Cause | None:
    slow = gap.slow
    if not slow.view_s or slow.cpu is None or slow.cpu.high > WAITING_CPU_SHARE * slow.view_s:
        return None
    if (slow.least_cpu_share or 0) >= IDLE_ENOUGH_SHARE or _executor_full(gap) or _serialised(gap):
        return None
    blocked = _loop_blocked(gap)
    if blocked is not None and blocked.evidence["holder"] == OTHER:
        return None  # what it waited for is the loop
    evidence = {
        "view_ms_p50": slow.view_p50_ms,
        "other_view_ms_p50": gap.fast.view_p50_ms,
        "cpu_ms_per_request": slow.price["cpu_ms_per_request"],
        "upstream": slow.config.upstream,
    }
    return Cause("waiting-in-app", slow.name, gap.by_waiting, evidence)


_LOOKS: tuple[Callable[[Gap], Cause | None], ...] = (
    _threads_busy,
    _one_at_a_time,
    _loop_blocked,
    _serialised,
    _executor_full,
    _thread_cost,  # before what it is a case of: of two that explain as much it says more
    _cpu_bound,
    _waiting_in_app,
)
