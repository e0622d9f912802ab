"""The types of a cause's evidence: what was measured of the lane that the cause is about.

None: unknown. `other_` is of the lane that it is compared with. Numbers per request
that end with `_uncertainty` are to either side, and there only if the number has one. `lines` are
those that a sampled firing found for the cause, the most expensive first, and there only then.
"""

from typing import NotRequired, TypedDict, final

from .target_facts import Serialised
from .where import LineEvidence


class Course(TypedDict):
    """A quantity over the first whole round, in equal slices of `last_ms`, with its limit."""

    last_ms: float
    values: list[float]
    limit: float | None


class QueueEvidence(TypedDict):
    """How many requests were in the server's queue, and for how long."""

    waiting: int | None
    waited_ms_p50: float | None
    server_ms_p95: float | None
    other_server_ms_p95: float | None
    lines: NotRequired[list[LineEvidence]]


class ThreadsBusyEvidence(QueueEvidence):
    """Threads of the server's processes; `course` is of the requests in the application."""

    processes: int
    threads: int
    peak_in_app: int | None
    course: NotRequired[Course | None]


class OneAtATimeEvidence(QueueEvidence):
    """Processes that had one request each; `course` is of the requests in the application."""

    processes: int
    peak_in_app: int | None
    course: NotRequired[Course | None]


class LoopBlockedEvidence(TypedDict):
    """How long the event loop was held; `holder` is whose code it was, None in older reports."""

    holder: NotRequired[str | None]
    peak_in_app: int | None
    peak_in_view: int | None
    loop_held_ms_max: float
    held_ms_per_request: NotRequired[float | None]
    view_ms_p50: float | None
    course: NotRequired[Course | None]
    lines: NotRequired[list[LineEvidence]]


@final
class OneThreadEvidence(TypedDict):
    """Calls of several requests that queued for asgiref's single thread."""

    queued: int
    service_ms_p50: float | None
    other_service_ms_p50: float | None


class ExecutorFullEvidence(TypedDict):
    """The default executor of the event loop; `course` is of the requests in the view."""

    limit: int
    threads: int
    queued: int
    peak_in_view: int | None
    view_ms_p50: float | None
    other_view_ms_p50: float | None
    course: NotRequired[Course | None]
    lines: NotRequired[list[LineEvidence]]


class CpuCost(TypedDict):
    """CPU time per request."""

    cpu_ms_per_request: float | None
    cpu_ms_per_request_uncertainty: NotRequired[float | None]


class OtherCpuCost(TypedDict):
    """CPU time per request of the lane that it is compared with."""

    other_cpu_ms_per_request: float | None
    other_cpu_ms_per_request_uncertainty: NotRequired[float | None]


class CpuEvidence(CpuCost, OtherCpuCost):
    """CPU time per request of both lanes."""


class CpuBoundEvidence(CpuEvidence):
    """The share that the lane used of the CPU that it could."""

    cpu_share: float
    own_cpu_share: float
    taken_by_others: float | None
    cores: float | None
    processes: int
    lines: NotRequired[list[LineEvidence]]


class RequestCost(CpuCost):
    """What a request cost; `peak_rss_mb` is the memory of all processes, in MiB."""

    switches_per_request: float | None
    switches_per_request_uncertainty: NotRequired[float | None]
    threads_started_per_request: float | None
    threads_started_per_request_uncertainty: NotRequired[float | None]
    peak_rss_mb: float | None


class OtherRequestCost(OtherCpuCost):
    """What a request cost in the lane that it is compared with."""

    other_switches_per_request: float | None
    other_switches_per_request_uncertainty: NotRequired[float | None]
    other_threads_started_per_request: float | None
    other_threads_started_per_request_uncertainty: NotRequired[float | None]
    other_peak_rss_mb: float | None


class ThreadCostEvidence(RequestCost, OtherRequestCost, CpuEvidence):
    """What a request cost in both lanes."""


class WaitingEvidence(TypedDict):
    """A view that waited; what for is not known."""

    view_ms_p50: float | None
    other_view_ms_p50: float | None
    cpu_ms_per_request: float | None
    lines: NotRequired[list[LineEvidence]]


class WaitingForConnectionEvidence(TypedDict):
    """Waits for connections to the database `alias`; `pool` is how many its pools may have.

    None: there is no pool, and connections were opened. `waiting` requests waited at once at most.
    `can_pool`: Django could pool them here. `course` is of the open connections.
    """

    alias: str
    pool: int | None
    waiting: int
    waited_ms_per_request: float
    other_waited_ms_per_request: float | None
    opened_per_request: float
    can_pool: bool
    view_ms_p50: float | None
    course: NotRequired[Course | None]


class ConnectionsLeakEvidence(TypedDict):
    """Connections to the database `alias` that were open at the end of a firing, and of no use.

    `leaked` of the `left_open`; `opened` and `collected` (by the garbage collector) are of all
    `requests` of all firings. `course` is of the open connections.
    """

    alias: str
    leaked: int
    left_open: int
    open_max: int
    opened: int
    collected: int
    requests: int
    max_age_s: float | None
    can_pool: bool
    course: NotRequired[Course | None]


@final
class PiecesEvidence(TypedDict):
    """How the pieces of answers arrived, where that was recorded."""

    longest_gap_ms_p50: float
    other_longest_gap_ms_p50: float
    spread_ms_p50: float
    other_spread_ms_p50: float
    last_byte_ms_p50: float | None
    other_last_byte_ms_p50: float | None


@final
class FirstByteEvidence(TypedDict):
    """When the first and the last byte of answers arrived."""

    first_byte_ms_p50: float | None
    last_byte_ms_p50: float | None
    other_first_byte_ms_p50: float | None
    other_last_byte_ms_p50: float | None


class ErrorsEvidence(TypedDict):
    """Failed requests, by failure."""

    errors: dict[str, int]


class ClientBoundEvidence(TypedDict):
    """How the load generator reached its limit."""

    why: str | None


class NoDifferenceEvidence(TypedDict):
    """The interval that lies inside the margin."""

    margin: float
    interval: list[float] | None


SerialisedEvidence = Serialised | OneThreadEvidence
StreamingEvidence = PiecesEvidence | FirstByteEvidence
