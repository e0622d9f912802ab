"""The lines that a cause is about, from a sampled firing of the lane in which it was found.

A cause is about some of the states of a look. A held loop is about what held it; a busy thread is
busy in whatever state it is. The share of a line is that of the time in these states in all lines
of the lane, so the shares of a cause's lines add up to 1 at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.analysis.samples.loop_holds import OTHER
from dashboard.wire.report.causes import CauseReport
from dashboard.wire.report.where import STATES, LaneWhere, Line, LineEvidence, State, TimeByState

MOST_LINES = 5
LEAST_SHARE = 0.02  # a line that explains less is not named

# What a loop computes it computes while it is held, so such a lane is on CPU in that state.
STATES_OF: Mapping[str, Sequence[State]] = {
    "loop-blocked": ("holding", "cpu"),
    "threads-busy": STATES,
    "one-at-a-time": STATES,
    "executor-full": ("blocking", "awaiting"),
    "cpu-bound": ("cpu", "holding"),
    "waiting-in-app": ("awaiting", "blocking"),
}


def add_lines(causes: Sequence[CauseReport], where: Mapping[str, LaneWhere]) -> None:
    """Give each cause that is about lines those of its lane, if that lane was sampled."""
    for cause in causes:
        lane = where.get(cause["lane"]) if cause["lane"] is not None else None
        states = _states_of(cause)
        if lane and (lines := lines_of(lane["lines"], states)):
            evidence: Any = cause["evidence"]
            evidence["lines"] = lines


def _states_of(cause: CauseReport) -> Sequence[State]:
    """Return the states that a cause is about; none if no line of a request can explain it."""
    if cause["name"] == "loop-blocked" and cause["evidence"].get("holder") == OTHER:
        return ()  # code outside of requests held the loop, of which there are no looks
    return STATES_OF.get(cause["name"], ())


def lines_of(lines: Sequence[Line], states: Sequence[State]) -> list[LineEvidence]:
    """Return the lines with most time in these states, at most MOST_LINES, the first the most."""
    total_ms = sum(_in(line["ms"], states) for line in lines)
    if total_ms <= 0:
        return []
    ranked = sorted(lines, key=lambda line: -_in(line["ms"], states))[:MOST_LINES]
    return [
        _evidence(line, states, total_ms)
        for line in ranked
        if _in(line["ms"], states) >= LEAST_SHARE * total_ms
    ]


def _in(times: TimeByState, states: Sequence[State]) -> float:
    return sum(times[state] for state in states)


def _evidence(line: Line, states: Sequence[State], total_ms: float) -> LineEvidence:
    """Return a line as evidence; its state is the one of `states` with most of its time."""
    time_ms = _in(line["ms"], states)
    by_state = {state: line["ms"][state] for state in states}
    return {
        "path": line["path"],
        "line": line["line"],
        "function": line["function"],
        "leaf": line["leaf"],
        "state": max(by_state, key=by_state.__getitem__),
        "share": time_ms / total_ms,
        "ms": time_ms,
    }
