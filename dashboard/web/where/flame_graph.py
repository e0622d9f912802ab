"""A lane's flame graph laid out for SVG: states below the whole, then the frames, callers above.

Widths are percentages, so that the picture has the width of its page and its text stays as large
as it is. A frame is an SVG inside the SVG, which cuts off the text that has no room.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS, share_text
from dashboard.analysis.where.flame import Node, flame
from dashboard.web.shared.format import format_ms
from dashboard.wire.report.where import LaneWhere, State

ROW_HEIGHT = 20
MAX_DEPTH = 28  # rows; what is called further inside is not drawn
MIN_SHARE = 0.001  # of a lane's time; narrower frames are not drawn
MAX_FRAMES = 400
ROWS_IN_TABLE = 25


@dataclass(frozen=True)
class FlameFrame:
    """A frame, or above them a state, or above these the whole lane; shares are 0 to 1."""

    state: State | None
    name: str
    place: str  # file and line; empty for a state and the whole
    start: float
    share: float
    depth: int
    ms: float
    looks: int

    @property
    def x(self) -> str:
        """Its left edge as SVG has it."""
        return f"{100 * self.start:.3f}%"

    @property
    def width(self) -> str:
        """Its width as SVG has it."""
        return f"{100 * self.share:.3f}%"

    @property
    def y(self) -> int:
        """Its upper edge."""
        return self.depth * ROW_HEIGHT

    @property
    def time(self) -> str:
        """Its milliseconds of requests, in words."""
        return format_ms(self.ms)

    @property
    def percentage(self) -> str:
        """Its share of the lane's time, in words."""
        return share_text(self.share)

    @property
    def caption(self) -> str:
        """Its state in words; empty for the whole."""
        return STATE_CAPTIONS[self.state] if self.state else ""

    @property
    def text(self) -> str:
        """All about it in one line, for the pointer, the keyboard and screen readers."""
        place = f" {self.place}" if self.place else ""
        state = f", {self.caption}" if self.caption and self.depth > 1 else ""
        return f"{self.name}{place}: {self.time}, {self.percentage} of the time{state}"


@dataclass(frozen=True)
class FlameGraph:
    """What the template draws. `left_out` frames were too narrow, too deep or too many."""

    frames: tuple[FlameFrame, ...]
    height: int
    left_out: int
    row_height: int = ROW_HEIGHT

    @property
    def rows(self) -> list[FlameFrame]:
        """The most expensive frames, as rows of the table."""
        calls = [frame for frame in self.frames if frame.depth > 1]
        return sorted(calls, key=lambda frame: -frame.ms)[:ROWS_IN_TABLE]

    @property
    def rest(self) -> int:
        """How many drawn frames are not in the table."""
        return sum(frame.depth > 1 for frame in self.frames) - len(self.rows)


def flame_graph(lane: LaneWhere) -> FlameGraph | None:
    """Lay out a lane's stacks; None for a lane in which nothing was seen."""
    trees = flame(lane)
    whole_ms = sum(tree.ms for tree in trees.values())
    if whole_ms <= 0:
        return None
    frames = [FlameFrame(None, "all requests", "", 0.0, 1.0, 0, whole_ms, _looks(trees))]
    start, left_out = 0.0, 0
    for state, root in trees.items():
        drawn, hidden = _frames_of(state, root, start, whole_ms)
        frames += drawn
        left_out += hidden
        start += root.ms / whole_ms
    kept = sorted(frames, key=lambda frame: -frame.share)[:MAX_FRAMES]
    left_out += len(frames) - len(kept)
    kept.sort(key=lambda frame: (frame.depth, frame.start))
    height = ROW_HEIGHT * (1 + max(frame.depth for frame in kept))
    return FlameGraph(tuple(kept), height, left_out)


def _looks(trees: dict[State, Node]) -> int:
    return sum(tree.looks for tree in trees.values())


def _frames_of(
    state: State, root: Node, start: float, whole_ms: float
) -> tuple[list[FlameFrame], int]:
    """Return a state's frames that are drawn, and how many are not; without recursion."""
    frames: list[FlameFrame] = []
    left_out = 0
    pending = [(root, start, 1)]
    while pending:
        node, at, depth = pending.pop()
        share = node.ms / whole_ms
        if depth >= MAX_DEPTH or share < MIN_SHARE:
            left_out += 1
            continue
        name, place = (STATE_CAPTIONS[state], "") if node is root else (node.function, _place(node))
        frames.append(FlameFrame(state, name, place, at, share, depth, node.ms, node.looks))
        pending += _children(node, at, depth + 1, whole_ms)
    return frames, left_out


def _children(
    node: Node, at: float, depth: int, whole_ms: float
) -> Iterator[tuple[Node, float, int]]:
    for child in node.sorted_children():
        yield child, at, depth
        at += child.ms / whole_ms


def _place(node: Node) -> str:
    """Return a line of the project with its path, and of a library its file and directory."""
    if node.project:
        return f"{node.path}:{node.line}"
    return "/".join(PurePath(node.path).parts[-2:])
