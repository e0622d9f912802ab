"""The types of a sampled firing: where, down to the line, a lane spent the time of its requests.

A *look* is one thread or task, seen once, while a view ran. It has a state and a stack.
Looks are weighted by the time since the look before, so sums of weights are milliseconds of
requests: of 100 requests that wait for 50 ms, 5,000 ms.
"""

from typing import Literal, TypeAlias, TypedDict

# What a thread or task did when it was looked at.
State: TypeAlias = Literal["cpu", "blocking", "holding", "awaiting"]
STATES: tuple[State, ...] = ("cpu", "blocking", "holding", "awaiting")


class StackFrame(TypedDict):
    """A line of a stack. `path` is relative to the project's directory where `project` is True."""

    path: str
    line: int
    function: str
    project: bool


class Stack(TypedDict):
    """A stack and its state. `frames` are positions in `LaneWhere.frames`, the outermost first."""

    state: State
    frames: list[int]
    looks: int
    ms: float
    requests: int  # how many requests were seen in it


class TimeByState(TypedDict):
    """Milliseconds of requests, by state."""

    cpu: float
    blocking: float
    holding: float
    awaiting: float


class Line(TypedDict):
    """The innermost line of the project below which time was spent, with the call it made.

    `leaf` is the innermost function, of a library as `requests.get`; empty if the line itself
    was running. `share` is of the lane's time in views, 0 to 1. `source` are the lines around
    it, as they were when the target ran, the first of them `source_from`; empty if the file
    could not be read. `requests` is how many requests a look met in it, a lower bound: of many at
    once a look meets a few.
    """

    path: str
    line: int
    function: str
    leaf: str
    ms: TimeByState
    share: float
    requests: int
    source_from: int
    source: list[str]


class SamplerFacts(TypedDict):
    """How the sampler itself did. Milliseconds are of wall time."""

    interval_ms: float  # between two looks, on average: it is stretched where they are expensive
    cpu_share: float  # of one core, of the busiest process
    late_ms_p99: float
    late_ms_max: float  # something, usually a call in C, held the GIL for that long
    looks: int
    processes: int
    limits: list[str]  # what could not be seen, as sentences: greenlets, a full buffer


class LaneWhere(TypedDict):
    """Where one lane spent the time of one sampled firing, which is never counted."""

    lane: str
    requests: int
    ms: TimeByState  # in views and middleware, all requests
    lines: list[Line]  # the most expensive first
    frames: list[StackFrame]
    stacks: list[Stack]
    sampler: SamplerFacts


class WhereReport(TypedDict):
    """The sampled firings of a run, by lane; lanes that could not be sampled have a reason."""

    lanes: list[LaneWhere]
    missing: dict[str, str]


class LineEvidence(TypedDict):
    """The line that a cause names: its share of what the cause is about, 0 to 1."""

    path: str
    line: int
    function: str
    leaf: str
    state: State
    share: float
    ms: float
