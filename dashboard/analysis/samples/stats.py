"""Numbers of one lane as its clients saw them, pooled over its counted rounds.

The terms are those of docs/method.md. Everything is computed from samples, nothing is averaged
from averages. What is unknown is None. Times are in the unit that the name ends with.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from dashboard.wire.failure import failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.report.lanes import LatencyMs, MedianToMax, MedianToP99, SegmentsMs
from dashboard.wire.units import NS_PER_MS, NS_PER_S

from .lane_samples import Integers, Lane
from .percentiles import median_and_p95_ms, median_to_max_ms, median_to_p99_ms, percentile_ms

# The stamps at both ends of each segment of a bar. `server` is cut at 0, since a server may call
# the application before the body of the request is complete.
SEGMENTS = {
    "client_delay": ("due", "sent_first"),
    "server": ("sent", "entered"),
    "framework": ("entered", "view_entered"),
    "view": ("view_entered", "view_left"),
    "delivery": ("view_left", "done"),
}


def latency_ms(lane: Lane) -> LatencyMs:
    """Return response times (done − due) of the successful requests."""
    lengths = (lane.samples["done"] - lane.samples["due"])[lane.ok]
    ascending = np.sort(lengths)
    any_ok = lengths.size > 0
    return {
        "min": float(lengths.min()) / NS_PER_MS if any_ok else None,
        "mean": float(lengths.mean()) / NS_PER_MS if any_ok else None,
        "p50": percentile_ms(ascending, 50.0),
        "p90": percentile_ms(ascending, 90.0),
        "p95": percentile_ms(ascending, 95.0),
        "p99": percentile_ms(ascending, 99.0),
        "max": float(lengths.max()) / NS_PER_MS if any_ok else None,
    }


def service_ms(lane: Lane) -> MedianToP99:
    """Return service times (done − sent_first) of the successful requests."""
    return median_to_p99_ms((lane.samples["done"] - lane.samples["sent_first"])[lane.ok])


def segments_ms(lane: Lane) -> SegmentsMs:
    """Return each segment's p50 and p95, over the successful requests with both its stamps."""
    return {
        "client_delay": median_and_p95_ms(_segment_ns(lane, "client_delay")),
        "server": median_and_p95_ms(_segment_ns(lane, "server")),
        "framework": median_and_p95_ms(_segment_ns(lane, "framework")),
        "view": median_and_p95_ms(_segment_ns(lane, "view")),
        "delivery": median_and_p95_ms(_segment_ns(lane, "delivery")),
    }


def _segment_ns(lane: Lane, segment: str) -> Integers:
    begin, end = SEGMENTS[segment]
    starts, ends = lane.samples[begin], lane.samples[end]
    stamped = lane.ok & (starts != UNKNOWN) & (ends != UNKNOWN)
    # One copy, clipped where it is: of a million samples each more is 8 MB.
    lengths: Integers = (ends - starts)[stamped]
    return np.maximum(lengths, 0, out=lengths)


def whole_rounds(lane: Lane, requests: int) -> list[int]:
    """Return the counted rounds in which all `requests` came to an end of their own, in order.

    A round that was stopped has no total time: its requests are shown, but not compared.
    """
    numbers, counts = np.unique(lane.samples["round"], return_counts=True)
    return [int(number) for number in numbers[counts == requests]]


def makespans_s(lane: Lane, requests: int) -> list[float]:
    """Return the total time (last done − first due) of each whole round, in order."""
    samples = lane.samples
    spans = []
    for number in whole_rounds(lane, requests):
        here = samples["round"] == number
        span_ns = samples["done"][here].max() - samples["due"][here].min()
        spans.append(float(span_ns) / NS_PER_S)
    return spans


def throughput_rps(lane: Lane, requests: int) -> float | None:
    """Return the successful requests of the whole rounds over the sum of their total times."""
    in_whole = np.isin(lane.samples["round"], whole_rounds(lane, requests))
    ok = int((in_whole & lane.ok).sum())
    return ok / sum(makespans_s(lane, requests)) if ok else None


def errors(lane: Lane) -> dict[str, int]:
    """Return the number of failures by name, the most frequent first."""
    failed = ~lane.ok
    codes, statuses = lane.samples["error"][failed], lane.samples["status"][failed]
    names = (
        failure_name(int(code), int(status)) for code, status in zip(codes, statuses, strict=True)
    )
    return dict(Counter(names).most_common())


def first_byte_ms(lane: Lane) -> MedianToP99:
    """Return the times from due to the first byte, of the successful requests."""
    stamped = lane.ok & (lane.samples["first_byte"] != UNKNOWN)
    return median_to_p99_ms((lane.samples["first_byte"] - lane.samples["due"])[stamped])


def longest_gap_ms(lane: Lane) -> MedianToMax | None:
    """Return the longest gaps between two pieces of an answer; None if not recorded."""
    gaps = lane.chunks["longest_gap"]
    if not gaps.size:
        return None
    return median_to_max_ms(gaps[gaps != UNKNOWN])
