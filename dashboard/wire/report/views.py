"""The types of a mix's views in a report. Keys are the JSON's; docs/commands.md describes them."""

from typing import TypedDict

from .lanes import LatencyMs
from .verdict import Answer, Interval


class ViewLaneReport(TypedDict):
    """One view of a mix at one lane; `response_p95_ms` has one entry per complete round."""

    lane: str
    requests: int
    ok: int
    errors: dict[str, int]
    latency_ms: LatencyMs
    response_p95_ms: list[float]


class ViewComparisonReport(TypedDict):
    """A view's p95 at one lane against the baseline's."""

    lane: str
    answer: Answer
    ratio: float | None
    interval: Interval | None
    level: float | None
    rounds: int


class ViewReport(TypedDict):
    """A view of a mix, `SCENARIO.VARIANT`; `share` is that of the requests, from 0 to 1."""

    view: str
    share: float
    lanes: list[ViewLaneReport]
    comparisons: list[ViewComparisonReport]
    sentence: str
