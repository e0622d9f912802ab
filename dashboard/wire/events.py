"""The types of events: everything but bulk data. docs/frame.md describes when each is sent.

`event` is the tag: `match event["event"]` narrows to one type. Keys in `INTERNAL` are for the
sinks in the dashboard's own process, and are not sent to viewers.
"""

from collections.abc import Mapping
from typing import Final, Literal, NotRequired, TypeAlias, TypedDict

from dashboard.wire.report.report import DiscardReason
from dashboard.wire.report.target_facts import TargetFacts
from dashboard.wire.report.where import LaneWhere
from dashboard.wire.stored.reading import ReadingJson

INTERNAL: Final = ("facts", "reading", "spoils", "where")

TargetState = Literal["starting", "ready", "restarting", "failed", "inside"]


class EngineCommand(TypedDict, total=False):
    """A line on the stdin of the load generator; each has one of the keys.

    `fire` is a `Firing`, `begin` the instant at which a shared firing begins (monotonic, ns).
    """

    fire: Mapping[str, object]
    begin: int
    stop: Literal[True]


class EngineReady(TypedDict):
    """A shared firing is prepared, and waits for `begin`."""

    event: Literal["ready"]


class EngineBegan(TypedDict):
    """A firing starts; sent before its first frame."""

    event: Literal["began"]
    origin_ns: int


class Conversation(TypedDict):
    """What websockets received besides answers."""

    ignored: int
    without_answer: int
    unopened: int
    awaited: str
    last: str


class EngineFired(TypedDict):
    """A firing is over, and all its frames are written. An older engine leaves out later keys."""

    event: Literal["fired"]
    requests: NotRequired[int]
    stopped: NotRequired[bool]
    wall_ns: NotRequired[int]
    cpu_ns: NotRequired[int]
    loop_lag_p99_ns: NotRequired[int | None]
    loop_lag_max_ns: NotRequired[int | None]
    stalls_ns: NotRequired[list[list[int]]]
    scheduling_error_p99_ns: NotRequired[int | None]
    scheduling_error_max_ns: NotRequired[int | None]
    websocket: NotRequired[Conversation]
    engines: NotRequired[int]
    busiest_cpu_ns: NotRequired[int]


EngineEvent: TypeAlias = EngineReady | EngineBegan | EngineFired


class TargetEvent(TypedDict):
    """The state of a lane's target changed; `facts` once it is ready.

    A viewer that joins later also gets how long it has had that state, `waited_s`.
    """

    event: Literal["target"]
    lane: int
    state: TargetState
    message: NotRequired[str]
    facts: NotRequired[TargetFacts]
    waited_s: NotRequired[float]


class FoundEvent(TypedDict):
    """Facts about a lane were found and stored."""

    event: Literal["found"]
    lane: int
    facts: NotRequired[TargetFacts]


class BeganEvent(TypedDict):
    """A firing starts; round 0 is the warm-up."""

    event: Literal["began"]
    lane: int
    round: int


class FiredEvent(TypedDict):
    """A firing is over; `reading` is what was read around it."""

    event: Literal["fired"]
    lane: int
    round: int
    reading: NotRequired[ReadingJson]


class DiscardedEvent(TypedDict):
    """A round does not count and is repeated under the next number."""

    event: Literal["discarded"]
    round: int
    reason: NotRequired[DiscardReason]


class WarningEvent(TypedDict):
    """A condition that affects how numbers are to be read; if it spoils, there is no verdict."""

    event: Literal["warning"]
    message: str
    spoils: NotRequired[bool]


class SampledEvent(TypedDict):
    """A lane was sampled: `where` its time was spent, or `missing`, why that is unknown."""

    event: Literal["sampled"]
    lane: int
    where: NotRequired[LaneWhere]
    missing: NotRequired[str]


class StartingEvent(TypedDict):
    """The run's targets start."""

    event: Literal["starting"]


class FinishedEvent(TypedDict):
    """The run is over."""

    event: Literal["finished"]
    status: str


class WatchingEvent(TypedDict):
    """The answer to `watch`: stored frames below `next` are to be fetched."""

    event: Literal["watching"]
    next: int
    live: bool


class UnreadableEvent(TypedDict):
    """What is stored of the run is damaged, so that it cannot be watched or replayed."""

    event: Literal["unreadable"]


# Frames `from` to before `to` were not all sent complete; `from` is a keyword.
GapEvent = TypedDict("GapEvent", {"event": Literal["gap"], "from": int, "to": int})


class QueueEvent(TypedDict):
    """A run joined or left the queue, began or ended."""

    event: Literal["line"]


class BeatEvent(TypedDict):
    """The heartbeat: the page answers each. `now_ms` is the server's monotonic clock."""

    event: Literal["beat"]
    now_ms: float


# What the conductor sends to a run's sinks.
RunEvent: TypeAlias = (
    TargetEvent
    | FoundEvent
    | BeganEvent
    | FiredEvent
    | DiscardedEvent
    | WarningEvent
    | SampledEvent
)
# What viewers of a run are sent, with the `run` that it is about.
ViewerEvent: TypeAlias = (
    RunEvent | StartingEvent | FinishedEvent | WatchingEvent | UnreadableEvent | GapEvent
)
