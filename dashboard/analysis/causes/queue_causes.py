"""Causes where requests queue for a worker, or their calls for a thread."""

from __future__ import annotations

from dashboard.analysis.lane import series
from dashboard.wire.report.causes import (
    ExecutorFull,
    OneAtATime,
    SerialisedOnOneThread,
    ThreadsBusy,
)
from dashboard.wire.report.evidence import (
    ExecutorFullEvidence,
    OneAtATimeEvidence,
    OneThreadEvidence,
    QueueEvidence,
    SerialisedEvidence,
    ThreadsBusyEvidence,
)
from dashboard.wire.units import MS_PER_S

from .attribution import Gap
from .cause import BUSY_SHARE, cpu_is_limit


def threads_busy(gap: Gap) -> ThreadsBusy | None:
    """Return `threads-busy`: every thread of the server had a request while others waited."""
    slow, threads = gap.slow, gap.slow.config.threads
    inside = slow.concurrency.in_app_while_waiting
    if threads is None or threads < 2 or inside is None:
        return None
    limit = threads * slow.config.processes
    flat = slow.concurrency.peak_in_app == threads and inside >= BUSY_SHARE * limit
    if not flat or not _server_grew(gap) or cpu_is_limit(slow):
        return None
    evidence: ThreadsBusyEvidence = {
        "processes": slow.config.processes,
        "threads": threads,
        "peak_in_app": slow.concurrency.peak_in_app,
        **_queue(gap, limit),
        "course": series.in_application(slow, limit),
    }
    return {
        "name": "threads-busy",
        "lane": slow.name,
        "share": gap.by_concurrency,
        "evidence": evidence,
    }


def one_at_a_time(gap: Gap) -> OneAtATime | None:
    """Return `one-at-a-time`: no process ever had a second request in the application."""
    slow, processes = gap.slow, gap.slow.config.processes
    if slow.concurrency.peak_in_app != 1 or not _server_grew(gap) or cpu_is_limit(slow):
        return None
    evidence: OneAtATimeEvidence = {
        "processes": processes,
        "peak_in_app": slow.concurrency.peak_in_app,
        **_queue(gap, processes),
        "course": series.in_application(slow, processes),
    }
    return {
        "name": "one-at-a-time",
        "lane": slow.name,
        "share": gap.by_concurrency,
        "evidence": evidence,
    }


def executor_full(gap: Gap) -> ExecutorFull | None:
    """Return `executor-full`: all threads of the loop's default executor existed, calls queued."""
    slow, executor = gap.slow, gap.slow.config.executor
    if executor is None or executor.shared:
        return None
    if executor.threads < executor.limit or not executor.queued:
        return None
    evidence: ExecutorFullEvidence = {
        "limit": executor.limit,
        "threads": executor.threads,
        "queued": executor.queued,
        "peak_in_view": slow.concurrency.peak_in_view,
        "view_ms_p50": slow.times.view_p50_ms,
        "other_view_ms_p50": gap.fast.times.view_p50_ms,
        "course": series.in_view(slow, executor.limit * slow.config.processes),
    }
    return {
        "name": "executor-full",
        "lane": slow.name,
        "share": gap.by_view,
        "evidence": evidence,
    }


def serialised_on_one_thread(gap: Gap) -> SerialisedOnOneThread | None:
    """Return `serialised-on-one-thread`: sync work queued for one thread.

    Either an X-ray saw it within one request, or the probe saw requests queue for asgiref's
    single thread.
    """
    serialised = gap.slow.config.serialised
    if serialised is None:
        return _one_thread_for_all(gap)
    share = gap.by_length(serialised["lost_ms"] / MS_PER_S)
    return _serialised(gap, share, serialised)


def _one_thread_for_all(gap: Gap) -> SerialisedOnOneThread | None:
    executor = gap.slow.config.executor
    if executor is None or not executor.shared:
        return None
    evidence: OneThreadEvidence = {
        "queued": executor.queued,
        "service_ms_p50": gap.slow.times.service_p50_ms,
        "other_service_ms_p50": gap.fast.times.service_p50_ms,
    }
    return _serialised(gap, gap.by_service, evidence)


def _serialised(
    gap: Gap, share: float | None, evidence: SerialisedEvidence
) -> SerialisedOnOneThread:
    return {
        "name": "serialised-on-one-thread",
        "lane": gap.slow.name,
        "share": share,
        "evidence": evidence,
    }


def _server_grew(gap: Gap) -> bool:
    """Return True if requests waited longer in the server than in that of the faster lane."""
    slow, fast = gap.slow.times.server_s, gap.fast.times.server_s
    return slow is not None and (fast is None or slow > fast)


def _queue(gap: Gap, limit: int) -> QueueEvidence:
    """Return how many requests were in the server's queue, and for how long."""
    load = gap.slow.load
    concurrency = load.concurrency if load.kind == "burst" else None
    return {
        "waiting": None if concurrency is None else max(0, concurrency - limit),
        "waited_ms_p50": gap.slow.times.queued_p50_ms(limit),
        "server_ms_p95": gap.slow.times.server_ms["p95"],
        "other_server_ms_p95": gap.fast.times.server_ms["p95"],
    }
