"""Sums of milliseconds by state, and of a lane's time that is in no line of the project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dashboard.wire.report.where import STATES, LaneWhere, State, TimeByState


def total_ms(times: TimeByState) -> float:
    """Return the milliseconds of all states."""
    return sum(times[state] for state in STATES)


def main_state(times: TimeByState) -> State:
    """Return the state with the most time; the first of STATES of equal ones."""
    return ranked(times)[0]


def ranked(times: TimeByState) -> list[State]:
    """Return the states, that with the most time first."""

    def rank(state: State) -> float:
        return -times[state]

    return sorted(STATES, key=rank)


def times_of(by_state: Mapping[State, float]) -> TimeByState:
    """Return times with 0 for each state that is missing."""
    return {
        "cpu": by_state.get("cpu", 0.0),
        "blocking": by_state.get("blocking", 0.0),
        "holding": by_state.get("holding", 0.0),
        "awaiting": by_state.get("awaiting", 0.0),
    }


def sum_of(times: Iterable[TimeByState]) -> TimeByState:
    """Return the sum, state by state."""
    every = list(times)
    return times_of({state: sum(each[state] for each in every) for state in STATES})


def outside(lane: LaneWhere) -> TimeByState:
    """Return the time that was spent in no line of the project, never below 0."""
    lines = sum_of(line["ms"] for line in lane["lines"])
    return times_of({state: max(0.0, lane["ms"][state] - lines[state]) for state in STATES})


def per_request(value_ms: float, lane: LaneWhere) -> float:
    """Return a lane's milliseconds divided by its requests; 0 without requests."""
    return value_ms / lane["requests"] if lane["requests"] else 0.0
