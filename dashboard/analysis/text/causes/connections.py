"""The sentences on connections to databases: of the two causes, and the warning of a leak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dashboard.analysis.lane.connections import most_leaked
from dashboard.analysis.lane.metrics import LaneMetrics
from dashboard.analysis.text.numbers import milliseconds, significant
from dashboard.wire.plural import counted
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.evidence import ConnectionsLeakEvidence, WaitingForConnectionEvidence
from dashboard.wire.report.target_facts import ConnectionFacts


def connection_words(cause: CauseReport, lane: str, other: str) -> str:
    """Return the sentence of a cause that is about connections; empty for other causes."""
    match cause["name"]:
        case "waiting-for-connection":
            return _waiting_for_connection(lane, other, cause["evidence"])
        case "connections-leak":
            return _connections_leak(lane, cause["evidence"])
        case _:
            return ""


def _waiting_for_connection(lane: str, other: str, evidence: WaitingForConnectionEvidence) -> str:
    """Return for how long requests waited for a connection, and for what."""
    waited_ms, other_ms = (
        evidence["waited_ms_per_request"],
        evidence["other_waited_ms_per_request"],
    )
    compared = "" if other_ms is None else f" ({_none_or(other_ms)} in {other})"
    waited = f"Each request of {lane} waited {milliseconds(waited_ms)}{compared}"
    if evidence["pool"] is None:
        opened = f"{_per_request(evidence['opened_per_request'])} opened per request"
        return f"{waited} for database connections (mean): without a pool, {opened}."
    pool = counted(evidence["pool"], "connection")
    waiting = counted(evidence["waiting"], "request")
    return (
        f"{waited} for a database connection (mean): the pool of {evidence['alias']!r} has only"
        f" {pool}, and up to {waiting} waited for one."
    )


def _none_or(value_ms: float) -> str:
    return milliseconds(value_ms) if value_ms else "none"


def _per_request(number: float) -> str:
    text = significant(number, 2)
    return f"{text} {'is' if text == '1' else 'are'}"


def _connections_leak(lane: str, evidence: ConnectionsLeakEvidence) -> str:
    """Return how many connections a lane left open that nothing will use again."""
    leaked = counted(evidence["leaked"], "database connection")
    why = "their threads have ended" if evidence["max_age_s"] != 0 else _NOT_CLOSED
    return f"{lane} left {leaked} open after a firing that nothing will use again: {why}."


_NOT_CLOSED = "the end of the request did not close them, although CONN_MAX_AGE is 0"
_ADVICE_ON_AGE = (
    "CONN_MAX_AGE keeps a connection open for its thread, and under ASGI that ends with the"
    " request; then only the garbage collector closes it. Set CONN_MAX_AGE to 0, or use a pool."
)
_ADVICE_ON_THREADS = (
    "Close them in the thread that opened them (django.db.close_old_connections): Django closes"
    " only those of the request's own thread."
)


def leak_warnings(lanes: Iterable[LaneMetrics]) -> Iterator[str]:
    """Yield a warning for each lane that leaves connections open, with the number and advice."""
    for metrics in lanes:
        facts = most_leaked(metrics.config)
        if facts is not None:
            yield f"{metrics.name}: {_warning(facts)}"


def _warning(facts: ConnectionFacts) -> str:
    kept = facts["max_age_s"] != 0
    leaked = counted(facts["leaked"], "connection")
    words = (
        f"{leaked} to the database {facts['alias']!r} were still open after a firing, and nothing"
        f" will use them again ({facts['opened']:,} opened for {facts['requests']:,} requests)."
    )
    return f"{words} {_ADVICE_ON_AGE if kept else _ADVICE_ON_THREADS}"
