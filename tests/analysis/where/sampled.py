"""Sampled lanes made by hand."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.wire.report.where import (
    STATES,
    LaneWhere,
    Line,
    Stack,
    StackFrame,
    State,
    TimeByState,
)

LANE = "async@daphne"
SOURCE = ["def report(request):", "    answer = requests.get(URL)", "    return answer"]


def times(**ms: float) -> TimeByState:
    """Return milliseconds by state, 0 in the others."""
    return {
        "cpu": ms.get("cpu", 0.0),
        "blocking": ms.get("blocking", 0.0),
        "holding": ms.get("holding", 0.0),
        "awaiting": ms.get("awaiting", 0.0),
    }


def line(number: int = 42, leaf: str = "requests.get", path: str = "views.py", **ms: float) -> Line:
    """Return a line of `views.py` with this many milliseconds in each state."""
    return {
        "path": path,
        "line": number,
        "function": "report",
        "leaf": leaf,
        "ms": times(**ms),
        "share": 0.0,
        "requests": 10,
        "source_from": number - 1,
        "source": [*SOURCE],
    }


def lane_where(*lines: Line, lane: str = LANE, stacks: Sequence[Stack] = ()) -> LaneWhere:
    """Return a sampled lane whose time is that of its lines, with a stack for each of them."""
    sums = {state: sum(each["ms"][state] for each in lines) for state in STATES}
    frames: list[StackFrame] = [
        {"path": each["path"], "line": each["line"], "function": "report", "project": True}
        for each in lines
    ]
    own = [_stack(position, state, each) for position, each in enumerate(lines) for state in STATES]
    return {
        "lane": lane,
        "requests": 10,
        "ms": times(**sums),
        "lines": [*lines],
        "frames": frames,
        "stacks": [*stacks] or [stack for stack in own if stack["ms"]],
        "sampler": {
            "interval_ms": 5.0,
            "cpu_share": 0.02,
            "late_ms_p99": 0.4,
            "late_ms_max": 3.0,
            "looks": 200,
            "processes": 1,
            "limits": [],
        },
    }


def _stack(position: int, state: State, of: Line) -> Stack:
    return {
        "state": state,
        "frames": [position],
        "looks": 10,
        "ms": of["ms"][state],
        "requests": 10,
    }
