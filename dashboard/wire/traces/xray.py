"""The types of an X-ray: of the file that the traced process writes, and of the JSON made of it.

`targets/injected/xray/liveburst_xray.py` describes the file, docs/commands.md the JSON.
"""

from typing import Literal, NotRequired, TypeAlias, TypedDict

from dashboard.wire.report.answers import ExceptionKind
from dashboard.wire.report.target_facts import Serialised, TargetFacts

CalledBy: TypeAlias = Literal["sync only", "async only", "sync and async"]
RanAs: TypeAlias = Literal["sync", "async"]


class TracedThread(TypedDict):
    """A thread of the traced process. `loop`: it ran an event loop."""

    name: str
    loop: bool


class TracedSpan(TypedDict):
    """A span as it is written; instants in monotonic ns, `ended` is -1 for what outlived it.

    `started` is the number of the thread that a span started. `path` is an entry of MIDDLEWARE;
    the last three are those of a middleware as a whole and of the handler.
    """

    number: int
    parent: int | None
    kind: str
    name: str
    thread: int
    begun: int
    ended: int
    started: NotRequired[int]
    path: NotRequired[str]
    sync_capable: NotRequired[bool]
    async_capable: NotRequired[bool]
    runs_async: NotRequired[bool]


class TraceFile(TypedDict):
    """The trace of one request; `threads` by the number that spans have."""

    process: int
    asgiref: str | None
    threads: dict[str, TracedThread]
    spans: list[TracedSpan]
    dropped: int


class ThreadJson(TypedDict):
    """A thread that worked on the request. `started`: by this request."""

    name: str
    loop: bool
    started: bool


class HopJson(TypedDict):
    """The other side of a thread hop: its thread, and the ways there and back."""

    thread: int
    wait_ms: float
    queued_ms: float
    return_ms: float


class SpanJson(TypedDict):
    """A span; `length_ms` is None if it outlived the request."""

    number: int
    parent: int | None
    kind: str
    name: str
    thread: int
    start_ms: float
    length_ms: float | None
    hop: HopJson | None


class XrayJson(TypedDict):
    """The counts, threads and spans of one traced request."""

    length_ms: float
    hops: int
    hop_cost_ms: float
    threads_started: int
    queries: int
    serialised: list[Serialised]
    threads: list[ThreadJson]
    spans: list[SpanJson]
    dropped: int


class CountsJson(TypedDict):
    """What a request, or a part of it, makes necessary."""

    hops: int
    threads_started: int
    queries: int


class MiddlewareJson(CountsJson):
    """A row of the middleware's bill; `own_ms` is the median of `n` traced requests."""

    path: str
    name: str
    kind: CalledBy
    ran_as: RanAs
    own_ms: float
    n: int


class XrayTarget(TargetFacts):
    """How the target was started, with the version of asgiref in it."""

    asgiref: str | None


class XrayResultJson(XrayJson):
    """The fastest of several traced requests of a lane."""

    scenario: str
    lane: str
    variant: str
    server: str
    parameters: dict[str, float]
    request: str
    status: int
    tries: int
    target: XrayTarget
    sentence: str
    warnings: list[str]
    exceptions: list[ExceptionKind]
    lengths_ms: list[float]
    middleware: list[MiddlewareJson]


class PartCostJson(CountsJson):
    """What a part of a request costs, and the time in it and in nothing below it."""

    own_ms: float


class PartJson(TypedDict):
    """A part of two requests; None where a request has no such part."""

    part: str
    first: PartCostJson | None
    second: PartCostJson | None


class DifferenceJson(CountsJson):
    """What the second request costs more than the first; `n` is how many of each were traced."""

    length_ms: float
    time_differs: bool
    n: list[int]
    parts: list[PartJson]


class PairDifferenceJson(DifferenceJson):
    """The difference of two lanes: in words as well, with both statuses."""

    sentence: str
    warnings: list[str]
    left_out: list[str]
    statuses: list[int]


class XrayPairJson(TypedDict):
    """Two X-rays and their difference."""

    first: XrayResultJson
    second: XrayResultJson
    difference: PairDifferenceJson
