"""How large the result of a sampled firing may be: ours is cut, an imported one is refused.

A lane has some tens of lines and some hundreds of stacks; code that makes its functions as it runs,
or calls itself, could have any number of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from dashboard.wire.plural import counted, plural
from dashboard.wire.report.where import STATES, LaneWhere, Line, Stack, StackFrame

from .times import total_ms

MOST_LINES: Final = 200
MOST_STACKS: Final = 1000
MOST_FRAMES: Final = 5000
MOST_DEPTH: Final = 200  # frames of a stack, the innermost ones
MOST_SOURCE_LINES: Final = 40
MOST_CHARACTERS: Final = 400  # of a path, a function, a line of source
MOST_LIMITS: Final = 20


def bounded(where: LaneWhere) -> LaneWhere:
    """Return the result without the lines and stacks of least time that are beyond the bounds.

    How many were left out is added to the sampler's limits. Sums of time stay what they are.
    """
    lines = sorted(where["lines"], key=lambda line: -total_ms(line["ms"]))[:MOST_LINES]
    stacks = sorted(where["stacks"], key=lambda stack: -stack["ms"])[:MOST_STACKS]
    frames, stacks = _frames_of(where["frames"], stacks)
    left_out = [
        *_left_out(len(where["lines"]) - len(lines), "line"),
        *_left_out(len(where["stacks"]) - len(stacks), "stack"),
    ]
    sampler = where["sampler"]
    limits = [_short(text) for text in [*sampler["limits"], *left_out]][-MOST_LIMITS:]
    return {
        **where,
        "lines": [_short_line(line) for line in lines],
        "frames": frames,
        "stacks": stacks,
        "sampler": {**sampler, "limits": limits},
    }


def problems(where: LaneWhere) -> Iterator[str]:
    """Yield what of an imported result is beyond the bounds, or refers to nothing."""
    for name, sizes, most in _sizes(where):
        if (size := max(sizes, default=0)) > most:
            yield f"{name}: expected at most {most:,}, found {size:,}"
    times = [where["ms"], *(line["ms"] for line in where["lines"])]
    spent_ms = [each[state] for each in times for state in STATES]
    if min(*spent_ms, *(stack["ms"] for stack in where["stacks"])) < 0:
        yield "ms: expected no negative time"
    positions = range(len(where["frames"]))
    if any(frame not in positions for stack in where["stacks"] for frame in stack["frames"]):
        yield "stacks.frames: expected positions in frames"


def _sizes(where: LaneWhere) -> Iterator[tuple[str, Iterable[int], int]]:
    """Yield what is bounded: its name, the sizes that occur, and the limit."""
    yield "lines", [len(where["lines"])], MOST_LINES
    yield "frames", [len(where["frames"])], MOST_FRAMES
    yield "stacks", [len(where["stacks"])], MOST_STACKS
    yield "stacks.frames", (len(stack["frames"]) for stack in where["stacks"]), MOST_DEPTH
    yield "lines.source", (len(line["source"]) for line in where["lines"]), MOST_SOURCE_LINES
    yield "sampler.limits", [len(where["sampler"]["limits"])], MOST_LIMITS
    yield "characters of a text", map(len, _texts(where)), MOST_CHARACTERS


def _texts(where: LaneWhere) -> Iterator[str]:
    yield where["lane"]
    yield from where["sampler"]["limits"]
    for place in (*where["lines"], *where["frames"]):
        yield from (place["path"], place["function"])
    for line in where["lines"]:
        yield from (line["leaf"], *line["source"])


def _left_out(number: int, what: str) -> list[str]:
    """Return a sentence on how many were left out; none if all are there."""
    were = plural(number, "was", "were")
    return [f"{counted(number, what)} with the least time {were} left out."] if number else []


def _frames_of(
    frames: Sequence[StackFrame], stacks: Sequence[Stack]
) -> tuple[list[StackFrame], list[Stack]]:
    """Return the frames of these stacks and the stacks with positions in them.

    A stack whose frames would be too many, together with those before it, is left out.
    """
    positions: dict[int, int] = {}
    kept: list[Stack] = []
    for stack in stacks:
        innermost = stack["frames"][-MOST_DEPTH:]
        if len(positions) + len({*innermost} - positions.keys()) > MOST_FRAMES:
            continue
        for frame in innermost:
            positions.setdefault(frame, len(positions))
        kept.append({**stack, "frames": [positions[frame] for frame in innermost]})
    return [_short_frame(frames[frame]) for frame in positions], kept


def _short_frame(frame: StackFrame) -> StackFrame:
    return {**frame, "path": _short(frame["path"]), "function": _short(frame["function"])}


def _short_line(line: Line) -> Line:
    return {
        **line,
        "path": _short(line["path"]),
        "function": _short(line["function"]),
        "leaf": _short(line["leaf"]),
        "source": [_short(text) for text in line["source"][:MOST_SOURCE_LINES]],
    }


def _short(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else text[: MOST_CHARACTERS - 1] + "…"
