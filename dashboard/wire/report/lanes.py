"""The types of one lane in a report. Keys are the JSON's; docs/commands.md says what each means.

What is not known is None (`null`). Times are pooled over the counted rounds, except those in lists,
which have one entry per whole round.
"""

from typing import TypedDict

from .target_facts import TargetFacts


class MedianAndP95(TypedDict):
    """p50 and p95, in the unit of the key that holds them."""

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


class ViewCounts(TypedDict):
    """Whole answers, by whether a view was called for them."""

    called: int
    not_called: int
    unknown: int
    unknown_redirects: int


class AnswerKind(TypedDict):
    """One kind of exception or redirect, as a probe reports it; a redirect has no type."""

    status: int | None
    type: str | None
    message: str
    where: str | None
    count: int


class ExceptionKind(TypedDict):
    """One kind of exception that requests ended with, and how often."""

    status: int | None
    type: str
    message: str
    where: str | None
    count: int


class RedirectKind(TypedDict):
    """One destination of redirects, and how often."""

    status: int | None
    to: str | None
    count: int


class AnswersReport(TypedDict):
    """Who answered a lane's requests."""

    views: ViewCounts
    skipped: dict[str, int]
    exceptions: list[ExceptionKind]
    redirects: list[RedirectKind]


class PartialReport(TypedDict):
    """What a lane had in the rounds that are not whole in every lane."""

    rounds: list[int]
    done: int
    failed: int
    cut_off: int


class ServerSide(TypedDict):
    """What the target did and what it cost."""

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
    """Whether a lane kept up with the rate that was offered."""

    offered_rps: float
    achieved_rps: float | None
    keeps_up: bool | None


class TheoryReport(TypedDict):
    """How long a burst of pure waiting must take, by the configuration and by what was seen."""

    wait_s: float
    promised_k: int
    promised_s: float
    seen_k: int | None
    seen_s: float | None


class BystanderCost(TypedDict):
    """What the bystander's requests cost at the target; in none of the lane's numbers."""

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
    """The deciding metric of each whole round with all lateness charged: its two ends."""

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
