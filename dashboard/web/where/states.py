"""The four states of a look as the page names and draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS, share_text
from dashboard.analysis.where.times import ranked, total_ms
from dashboard.wire.report.where import STATES, State, TimeByState

MEANINGS: Mapping[State, str] = {
    "cpu": "the thread's own CPU clock moved",
    "blocking": "a thread of the request waited, so nothing else ran on it",
    "holding": "the event loop's thread waited or computed without giving way to other requests",
    "awaiting": "the task waited, and the loop was free for others",
}
LEAST_SHARE = 0.005  # of a line's time: a state with less is not named


@dataclass(frozen=True)
class Part:
    """The part of a bar that one state has; lengths as SVG has them."""

    state: State
    x: str
    width: str


@dataclass(frozen=True)
class StateTime:
    """The time of one state: *holding the loop 81 %*."""

    state: State
    caption: str
    percentage: str


def parts(times: TimeByState, whole_ms: float) -> tuple[Part, ...]:
    """Return the parts of a bar that is as long as `whole_ms`."""
    made = []
    start = 0.0
    for state in STATES:
        share = min(times[state] / whole_ms, 1.0 - start) if whole_ms > 0 else 0.0
        if share > 0:
            made.append(Part(state, f"{100 * start:.2f}%", f"{100 * share:.2f}%"))
            start += share
    return tuple(made)


def state_times(times: TimeByState) -> tuple[StateTime, ...]:
    """Return the states of a line with their shares of its own time, the greatest first."""
    whole_ms = total_ms(times)
    least_ms = LEAST_SHARE * whole_ms
    present = [state for state in ranked(times) if times[state] >= least_ms > 0]
    return tuple(
        StateTime(state, STATE_CAPTIONS[state], share_text(times[state] / whole_ms))
        for state in present
    )
