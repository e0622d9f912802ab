"""The advice on a run: at most four pieces that follow from its causes, the best of each first."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard.wire.report.advice import Advice
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.verdict import VerdictReport

from .connections import connections_leak, waiting_for_connection
from .cpu import cpu_bound, thread_cost
from .loop import loop_blocked
from .one_thread import serialised
from .queues import executor_full, one_at_a_time, threads_busy
from .situation import Situation, Subject

MOST = 4


def advice_on(situation: Situation) -> list[Advice]:
    """Return the advice, none of it twice; empty if nothing that was measured calls for any.

    The first piece on each cause comes before the second on any, and causes come in the order in
    which they explain the gap.
    """
    ranked = [(rank, piece) for pieces in _by_cause(situation) for rank, piece in enumerate(pieces)]
    chosen: dict[str, Advice] = {}
    for _, piece in sorted(ranked, key=lambda pair: pair[0]):
        chosen.setdefault(piece["fires"] or piece["text"], piece)
    return list(chosen.values())[:MOST]


def _by_cause(situation: Situation) -> Iterator[list[Advice]]:
    """Yield the pieces on each cause."""
    verdict = situation.report["verdict"]
    if verdict is None or verdict["control"] is not None:
        return
    for lane, cause in _causes(verdict):
        subject = situation.about(lane)
        if subject is not None:
            yield [*_about(subject, cause), *_about_connections(subject, cause)]
    shared = verdict["absolute"]
    if shared is not None and shared["name"] == "cpu-bound":
        subject = situation.about(verdict["baseline"])
        if subject is not None:
            yield list(cpu_bound(subject))


def _causes(verdict: VerdictReport) -> Iterator[tuple[str, CauseReport]]:
    """Yield each lane with each of its causes, once for all comparisons."""
    seen = set()
    for comparison in verdict["comparisons"]:
        for cause in comparison["causes"]:
            lane, key = cause["lane"], (cause["name"], cause["lane"])
            if lane is not None and key not in seen:
                seen.add(key)
                yield lane, cause


def _about(subject: Subject, cause: CauseReport) -> Iterator[Advice]:
    """Yield the pieces on one cause, the best first."""
    match cause["name"]:
        case "threads-busy":
            yield from threads_busy(subject)
        case "one-at-a-time":
            yield from one_at_a_time(subject)
        case "loop-blocked":
            yield from loop_blocked(subject, cause["evidence"])
        case "executor-full":
            yield from executor_full(subject, cause["evidence"])
        case "serialised-on-one-thread":
            yield from serialised(subject, cause["evidence"])
        case "cpu-bound":
            yield from cpu_bound(subject)
        case "thread-cost":
            yield from thread_cost(subject)


def _about_connections(subject: Subject, cause: CauseReport) -> Iterator[Advice]:
    """Yield the pieces on a cause that is about connections to databases."""
    match cause["name"]:
        case "waiting-for-connection":
            yield from waiting_for_connection(subject, cause["evidence"])
        case "connections-leak":
            yield from connections_leak(subject, cause["evidence"])
