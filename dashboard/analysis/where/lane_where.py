"""Folds the looks of one sampled firing to the lines of the project, the most expensive first.

Every look is in exactly one state and in exactly one line, or outside the project: its line is the
innermost frame below the project's directory. A function of the project that calls Django's
handler, as one that chooses between applications, waits until the request ends: what Django does
below it is outside the project, until it calls a middleware or a view. Sums do not depend on the
order of the looks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import fsum
from typing import NamedTuple

from dashboard.analysis.text.causes.lines import share_text
from dashboard.analysis.text.numbers import milliseconds
from dashboard.wire.report.where import (
    STATES,
    LaneWhere,
    Line,
    Stack,
    StackFrame,
    State,
    TimeByState,
)
from dashboard.wire.traces.looks import LookFrame, Looks, LookStack, Note

from .calls import call_on_line, imported_name
from .leaf import leaf_of
from .source import ProjectSource

HANDLERS = frozenset({"django/core/handlers/asgi.py", "django/core/handlers/wsgi.py"})
NOTED_FROM = 0.05  # of a lane's time: below that a note is not worth a sentence


class Place(NamedTuple):
    """What is one row of the table: a line with the call that it made."""

    path: str
    line: int
    function: str
    leaf: str


def lane_where(looks: Looks, lane: str, source: ProjectSource) -> LaneWhere:
    """Return where the requests of one firing spent their time; `source` reads their code."""
    by_place: defaultdict[Place, list[LookStack]] = defaultdict(list)
    for stack in looks.stacks:
        place = _place(looks.frames, stack, source)
        if place is not None:
            by_place[place].append(stack)
    times = times_by_state(looks.stacks)
    whole_ms = fsum(times[state] for state in STATES)
    lines = [_line(place, stacks, whole_ms, source) for place, stacks in by_place.items()]
    lines.sort(key=_order)
    return {
        "lane": lane,
        "requests": looks.requests,
        "ms": times,
        "lines": lines,
        "frames": [_frame(frame) for frame in looks.frames],
        "stacks": _stacks(looks.stacks),
        "sampler": {
            **looks.sampler,
            "limits": [*looks.sampler["limits"], *_notes(looks.stacks, whole_ms)],
        },
    }


def _order(line: Line) -> tuple[float, str, int, str, str]:
    """Return what lines are sorted by: the same for any order of the looks."""
    return -line["share"], line["path"], line["line"], line["function"], line["leaf"]


def times_by_state(stacks: Iterable[LookStack]) -> TimeByState:
    """Return the milliseconds in each state, the same for any order of the stacks."""
    by_state: dict[State, list[float]] = {state: [] for state in STATES}
    for stack in stacks:
        by_state[stack.state].append(stack.ms)
    return {
        "cpu": fsum(by_state["cpu"]),
        "blocking": fsum(by_state["blocking"]),
        "holding": fsum(by_state["holding"]),
        "awaiting": fsum(by_state["awaiting"]),
    }


def _place(frames: Sequence[LookFrame], stack: LookStack, source: ProjectSource) -> Place | None:
    """Return the innermost line of the project in a stack; None if it is outside the project."""
    every = [frames[position] for position in stack.frames]
    handler = next((at for at, frame in enumerate(every) if frame.path in HANDLERS), 0)
    inside = reversed(range(handler, len(every)))
    inner = next((at for at in inside if every[at].project), None)
    if inner is None:
        return None
    frame, below = every[inner], every[inner + 1 :]
    leaf = leaf_of(below, stack.state) or _call(frame, source)
    return Place(frame.path, frame.line, frame.function, leaf)


def _call(frame: LookFrame, source: ProjectSource) -> str:
    """Return the call that a line was making without a frame below it, as of a function in C."""
    text = source.text(frame.path)
    if frame.call:
        return imported_name(text, frame.call)
    return call_on_line(text, frame.line)


def _line(
    place: Place, stacks: Sequence[LookStack], whole_ms: float, source: ProjectSource
) -> Line:
    first, around = source.around(place.path, place.line)
    times = times_by_state(stacks)
    return {
        "path": place.path,
        "line": place.line,
        "function": place.function,
        "leaf": place.leaf,
        "ms": times,
        "share": fsum(times[state] for state in STATES) / whole_ms if whole_ms > 0 else 0.0,
        "requests": len(frozenset().union(*(stack.requests for stack in stacks))),
        "source_from": first,
        "source": around,
    }


def _frame(frame: LookFrame) -> StackFrame:
    return {
        "path": frame.path,
        "line": frame.line,
        "function": frame.function,
        "project": frame.project,
    }


def _stacks(stacks: Sequence[LookStack]) -> list[Stack]:
    """Return each stack once in each state, whatever was noted of it; the most expensive first."""
    merged: defaultdict[tuple[State, tuple[int, ...]], list[LookStack]] = defaultdict(list)
    for stack in stacks:
        merged[stack.state, stack.frames].append(stack)
    made: list[Stack] = [
        {
            "state": state,
            "frames": list(frames),
            "looks": sum(stack.looks for stack in same),
            "ms": fsum(stack.ms for stack in same),
            "requests": len(frozenset().union(*(stack.requests for stack in same))),
        }
        for (state, frames), same in merged.items()
    ]
    return sorted(made, key=lambda stack: (-stack["ms"], stack["state"], stack["frames"]))


def _notes(stacks: Sequence[LookStack], whole_ms: float) -> list[str]:
    """Return what must be known of a notable part of the time, as sentences."""
    sentences: list[str] = []
    for note, sentence in _SENTENCES.items():
        noted_ms = fsum(stack.ms for stack in stacks if stack.note == note)
        if noted_ms >= NOTED_FROM * whole_ms > 0:
            sentences.append(sentence(noted_ms, noted_ms / whole_ms))
    return sentences


_SENTENCES: dict[Note, Callable[[float, float], str]] = {
    "gil": lambda ms, share: (
        f"For {milliseconds(ms)} ({share_text(share)}) threads were ready to run and waited"
        " for the GIL: that is counted as on CPU."
    ),
    "late": lambda ms, share: (
        f"For {milliseconds(ms)} ({share_text(share)}) the sampler itself could not look,"
        " because a call in C held the GIL: that time is counted where the next look was."
    ),
    "loop": lambda ms, share: (
        f"For {milliseconds(ms)} ({share_text(share)}) tasks were ready and waited for their event"
        " loop, which ran other code: that is counted as awaiting."
    ),
    "thread": lambda ms, share: (
        f"For {milliseconds(ms)} ({share_text(share)}) tasks awaited a thread of a pool that"
        " had not taken their call."
    ),
}
