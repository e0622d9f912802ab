"""The stacks of a lane as a tree for a flame graph: by state, from the project's code down.

What calls the project's outermost frame, that is server, framework and middleware of libraries, is
left out: it is the same for every stack. A stack without any frame of the project has all of its
frames, below a node of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from dashboard.wire.report.where import STATES, LaneWhere, Stack, StackFrame, State

# A frame of a library is one node whichever of its lines ran (line 0).
Key: TypeAlias = tuple[str, int, str]
OUTSIDE: Key = ("", 0, "outside the project")


@dataclass
class Node:
    """A frame with all that it called. `ms` includes its children."""

    path: str
    line: int
    function: str
    project: bool
    ms: float = 0.0
    looks: int = 0
    children: dict[Key, Node] = field(default_factory=dict)

    def sorted_children(self) -> list[Node]:
        """Return the children, the most expensive first."""
        return sorted(
            self.children.values(), key=lambda node: (-node.ms, node.path, node.line, node.function)
        )


def flame(lane: LaneWhere) -> dict[State, Node]:
    """Return a tree for each state in which the lane spent time, in the order of STATES."""
    trees: dict[State, Node] = {}
    for stack in lane["stacks"]:
        root = trees.setdefault(stack["state"], Node("", 0, "", project=False))
        _add(root, stack, frames_from_project(lane["frames"], stack))
    return {state: trees[state] for state in STATES if state in trees}


def frames_from_project(frames: Sequence[StackFrame], stack: Stack) -> list[StackFrame]:
    """Return a stack's frames from the project's outermost one down; all if there is none."""
    every = [frames[position] for position in stack["frames"]]
    first = next((number for number, frame in enumerate(every) if frame["project"]), 0)
    return every[first:]


def _add(root: Node, stack: Stack, frames: Sequence[StackFrame]) -> None:
    node = root
    _count(node, stack)
    for node in _path(root, frames):
        _count(node, stack)


def _path(root: Node, frames: Sequence[StackFrame]) -> Iterator[Node]:
    """Yield the nodes of a stack, the outermost first; those that are missing are added."""
    node = root
    if not any(frame["project"] for frame in frames):
        node = node.children.setdefault(OUTSIDE, Node(*OUTSIDE, project=False))
        yield node
    for frame in frames:
        line = frame["line"] if frame["project"] else 0
        key = (frame["path"], line, frame["function"])
        node = node.children.setdefault(key, Node(*key, project=frame["project"]))
        yield node


def _count(node: Node, stack: Stack) -> None:
    node.ms += stack["ms"]
    node.looks += stack["looks"]
