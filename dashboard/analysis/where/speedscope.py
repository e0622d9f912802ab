"""Sampled firings in speedscope's own format: one sampled profile per lane and state.

The format: https://www.speedscope.app/file-format-schema.json. Weights are milliseconds of
requests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypedDict

from dashboard.analysis.text.causes.lines import STATE_CAPTIONS
from dashboard.wire.report.where import STATES, LaneWhere, StackFrame, State, WhereReport

SCHEMA = "https://www.speedscope.app/file-format-schema.json"


class Frame(TypedDict):
    """A line of the project, or of what it uses."""

    name: str
    file: str
    line: int


class Shared(TypedDict):
    """What all profiles use."""

    frames: list[Frame]


class Profile(TypedDict):
    """The stacks of one state: `samples` are positions of frames, `weights` their milliseconds."""

    type: str
    name: str
    unit: str
    startValue: float
    endValue: float
    samples: list[list[int]]
    weights: list[float]


Speedscope = TypedDict(
    "Speedscope",
    {
        "$schema": str,
        "exporter": str,
        "name": str,
        "activeProfileIndex": int,
        "shared": Shared,
        "profiles": list[Profile],
    },
)
Speedscope.__doc__ = "A whole file."


def speedscope(report: WhereReport, name: str) -> Speedscope:
    """Return the file as one JSON object; the frames of all lanes are shared."""
    frames = _Frames()
    profiles = [
        profile for lane in report["lanes"] for profile in _profiles(lane, frames)
    ]  # fills `frames`
    return {
        "$schema": SCHEMA,
        "exporter": "Liveburst",
        "name": name,
        "activeProfileIndex": 0,
        "shared": {"frames": frames.shared},
        "profiles": profiles,
    }


class _Frames:
    """The frames of all profiles, each once."""

    def __init__(self) -> None:
        self.shared: list[Frame] = []
        self._positions: dict[tuple[str, int, str], int] = {}

    def position(self, frame: StackFrame) -> int:
        """Return the position of a frame, which is added if it is new."""
        key = (frame["path"], frame["line"], frame["function"])
        if key not in self._positions:
            self._positions[key] = len(self.shared)
            self.shared.append(
                {"name": frame["function"], "file": frame["path"], "line": frame["line"]}
            )
        return self._positions[key]


def _profiles(lane: LaneWhere, frames: _Frames) -> Iterator[Profile]:
    positions = [frames.position(frame) for frame in lane["frames"]]
    for state in STATES:
        stacks = [stack for stack in lane["stacks"] if stack["state"] == state]
        if stacks:
            yield {
                "type": "sampled",
                "name": profile_name(lane, state),
                "unit": "milliseconds",
                "startValue": 0,
                "endValue": sum(stack["ms"] for stack in stacks),
                "samples": [[positions[frame] for frame in stack["frames"]] for stack in stacks],
                "weights": [stack["ms"] for stack in stacks],
            }


def profile_name(lane: LaneWhere, state: State) -> str:
    """Return the name of the profile of one state: *async@daphne · awaiting*."""
    return f"{lane['lane']} · {STATE_CAPTIONS[state]}"
