"""Advice where requests wait for connections to a database, or leave them open."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil

from dashboard.wire.plan.load import Burst
from dashboard.wire.plural import counted
from dashboard.wire.report.advice import Advice, AdvicePrediction
from dashboard.wire.report.evidence import ConnectionsLeakEvidence, WaitingForConnectionEvidence
from dashboard.wire.units import MS_PER_S

from .pieces import to_fire, to_read
from .predictions import at_most, total_time
from .situation import Subject

MOST_POOLED = 90  # connections of all processes: PostgreSQL allows 100 unless told otherwise
KEPT = 20  # connections of a pool that replaces persistent ones, at most
UNSAFE_SIZE = (
    "Not beyond what the database allows: every process of every server has a pool of its own, and"
    " PostgreSQL accepts 100 connections by default (max_connections)."
)
IN_THE_CODE = "the connections are opened by the project's own threads, which no lane can change"


def waiting_for_connection(
    subject: Subject, evidence: WaitingForConnectionEvidence
) -> Iterator[Advice]:
    """Yield a pool with a connection for each request in flight."""
    in_flight, processes = subject.in_flight, subject.server.processes
    if in_flight is None or not evidence["can_pool"]:
        return
    size = min(ceil(in_flight / processes), MOST_POOLED // processes)
    pool = evidence["pool"]
    if size < 1 or (pool is not None and size * processes <= pool):
        return
    each = " in each process" if processes > 1 else ""
    present = "" if pool is None else f" instead of {pool // processes}"
    kept = "Keep connections open in a pool" if pool is None else "Enlarge the pool"
    yield from to_fire(
        "waiting-for-connection",
        subject,
        f"{kept}: {counted(size, 'connection')}{each}{present}.",
        _pooled(subject, size),
        _without_wait(subject, evidence, size * processes),
        unsafe=UNSAFE_SIZE,
    )


def _pooled(subject: Subject, size: int) -> str:
    """Return the lane with a pool, and without persistent connections, which exclude one."""
    persistent = subject.server.settings.get("conn_max_age")
    if persistent:
        return subject.at(subject.server, pool=size, conn_max_age=0)
    return subject.at(subject.server, pool=size)


def _without_wait(
    subject: Subject, evidence: WaitingForConnectionEvidence, connections: int
) -> AdvicePrediction | None:
    """Return the total time if so many requests have a connection at once."""
    threads, processes = subject.server.threads, subject.server.processes
    at_a_time = min(connections, threads * processes) if threads else connections
    return total_time(subject, at_a_time, wait_s=_work_s(subject, evidence))


def _work_s(subject: Subject, evidence: WaitingForConnectionEvidence) -> float | None:
    """Return how long a request is in the view with its connection; None if that is unknown.

    It is the scenario's own wait. Else, of a burst, what ⌈N / k⌉ waves of the total time leave to
    each of k connections; without a pool the time in the view less the wait.
    """
    if subject.lane["theory"]:
        return subject.lane["theory"]["wait_s"]
    load, total_s, pool = subject.situation.load, subject.total_s, evidence["pool"]
    if isinstance(load, Burst) and total_s is not None and pool:
        return total_s / ceil(load.requests / pool)
    if subject.wait_s is None:
        return None
    return max(0.0, subject.wait_s - evidence["waited_ms_per_request"] / MS_PER_S)


def connections_leak(subject: Subject, evidence: ConnectionsLeakEvidence) -> Iterator[Advice]:
    """Yield the lane that closes its connections, and the one with a pool."""
    if evidence["max_age_s"] == 0:
        text = "Close connections in the thread that opened them (django.db.close_old_connections)."
        yield to_read("connections-leak", subject, text, IN_THE_CODE)
        return
    none_left = at_most("connections_leaked", 0, "each request closes its own connection")
    yield from to_fire(
        "connections-leak",
        subject,
        "Set CONN_MAX_AGE to 0: close each connection at the end of its request.",
        subject.at(subject.server, conn_max_age=0),
        none_left,
    )
    if evidence["can_pool"]:
        size = max(1, min(KEPT, subject.in_flight or KEPT) // subject.server.processes)
        returned = at_most("connections_leaked", 0, "each request returns its connection")
        yield from to_fire(
            "connections-leak",
            subject,
            f"Set CONN_MAX_AGE to 0 and use a pool: {counted(size, 'connection')} per process.",
            _pooled(subject, size),
            returned,
            unsafe=UNSAFE_SIZE,
        )
