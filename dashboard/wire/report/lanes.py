"""The types of one lane in a report. Keys are the JSON's; docs/commands.md describes them.

Unknown values are None (`null`). Times are pooled over the counted rounds, except those in lists,
which have one entry per complete round.
"""

from typing import TypedDict

from .answers import AnswersReport
from .target_facts import TargetFacts


class MedianAndP95(TypedDict):
    """p50 and p95, in the unit of their key."""

    p50: float | None
    p95: float | None


class MedianToP99(MedianAndP95):
    """p50, p95 and p99."""

    p99: float | None


class MedianToMax(MedianToP99):
    """p50, p95, p99 and the largest value."""

    max: float | None


class LatencyMs(TypedDict):
    """Response time of the successful requests."""

    min: float | None
    mean: float | None
    p50: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    max: float | None


class SegmentsMs(TypedDict):
    """The segments of a request's bar in the waterfall."""

    client_delay: MedianAndP95
    server: MedianAndP95
    framework: MedianAndP95
    view: MedianAndP95
    delivery: MedianAndP95


class PartialReport(TypedDict):
    """A lane's requests in the rounds that are not complete in every lane."""

    rounds: list[int]
    done: int
    failed: int
    cut_off: int


class ServerSide(TypedDict):
    """Peaks and resources of the target; `peak_rss_mb` is in MiB, despite its name."""

    peak_in_app: int | None
    peak_in_view: int | None
    peak_threads: int | None
    threads_started: int | None
    peak_rss_mb: float | None
    cpu_ms_per_request: float | None
    cpu_ms_per_request_uncertainty: float | None
    loop_lag_ms_p99: float | None
    loop_lag_ms_max: float | None
    loop_held_ms_max: float | None
    loop_held_by: str | None


class RateReport(TypedDict):
    """Whether a lane kept up with the offered rate."""

    offered_rps: float
    achieved_rps: float | None
    keeps_up: bool | None


class TheoryReport(TypedDict):
    """The theoretical duration of a burst of waits, as configured and as observed."""

    wait_s: float
    promised_k: int
    promised_s: float
    seen_k: int | None
    seen_s: float | None


class BystanderCost(TypedDict):
    """What the bystander's requests used of the target; in none of the lane's numbers."""

    cpu_ms: float
    cpu_ms_uncertainty: float
    switches: float
    switches_uncertainty: float
    threads: float


class BystanderReport(TypedDict):
    """The bystander's requests beside the load."""

    requests: int
    ok: int
    errors: int
    unanswered: int
    latency_ms: MedianToMax
    cost: BystanderCost | None


class WorstCaseReport(TypedDict):
    """The deciding metric of each complete round with all lateness charged: its bounds."""

    low: list[float | None]
    high: list[float | None]


class LaneReport(AnswersReport):
    """One lane of a report."""

    lane: str
    variant: str
    server: str
    requests: int
    ok: int
    errors: dict[str, int]
    cut_off: int
    partial: PartialReport | None
    makespan_s: list[float]
    response_p95_ms: list[float]
    throughput_rps: float | None
    latency_ms: LatencyMs
    service_ms: MedianToP99
    first_byte_ms: MedianToP99
    longest_gap_ms: MedianToMax | None
    segments_ms: SegmentsMs
    server_side: ServerSide
    requests_by_process: dict[str, int]
    rate: RateReport | None
    theory: TheoryReport | None
    neighbour: BystanderReport | None
    worst_case: WorstCaseReport | None
    target: TargetFacts | None
