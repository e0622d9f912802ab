"""The result of one firing, for the load generator used alone. Without NumPy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NotRequired, TypeAlias, TypedDict

from dashboard.wire.events import Conversation
from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan.plan import Rate
from dashboard.wire.units import NS_PER_MS, NS_PER_S

# By name: `p50`, `max` and others; None if there are too few values.
Milliseconds: TypeAlias = Mapping[str, float | None]


class ChunksSummary(TypedDict):
    """In how many pieces responses arrived, and the longest wait between two in each."""

    answers: int
    fewest: int | None
    most: int | None
    longest_gap_ms: Milliseconds


class BystanderSummary(TypedDict):
    """The response times of the bystander."""

    requests: int
    ok: int
    latency_ms: Milliseconds


class RateSummary(TypedDict):
    """What a rate adds."""

    offered_rps: float
    achieved_rps: float
    backlog: int
    scheduling_error_ms: Milliseconds


class RequestsSummary(TypedDict):
    """The result of any firing."""

    requests: int
    ok: int
    errors: dict[str, int]
    cut_off: int
    makespan_s: float | None
    throughput_rps: float | None
    latency_ms: Milliseconds
    service_ms: Milliseconds


class EngineResult(RequestsSummary):
    """The result of a firing, with the keys of docs/commands.md."""

    offered_rps: NotRequired[float]
    achieved_rps: NotRequired[float]
    backlog: NotRequired[int]
    scheduling_error_ms: NotRequired[Milliseconds]
    chunks: NotRequired[ChunksSummary]
    websocket: NotRequired[Conversation]
    neighbour: NotRequired[BystanderSummary]


def summarise(samples: Mapping[str, Sequence[int]], rows: int) -> RequestsSummary:
    """Return the result of the first `rows` rows, with the keys of docs/commands.md.

    Requests that Ctrl-C aborted count in `cut_off` and in no other number. A burst that was
    stopped still has a makespan here, until the last request that was done.
    """
    columns = without_aborted({name: column[:rows] for name, column in samples.items()})
    cut_off, rows = rows - len(columns["done"]), len(columns["done"])
    ok = [row for row in range(rows) if columns["error"][row] == Failure.NONE]
    makespan_s = (max(columns["done"]) - min(columns["due"])) / NS_PER_S if rows else None
    response = sorted(columns["done"][row] - columns["due"][row] for row in ok)
    service = sorted(columns["done"][row] - columns["sent_first"][row] for row in ok)
    return {
        "requests": rows,
        "ok": len(ok),
        "errors": _errors(columns["error"], columns["status"]),
        "cut_off": cut_off,
        "makespan_s": makespan_s,
        "throughput_rps": len(ok) / makespan_s if ok and makespan_s else None,
        "latency_ms": {
            "min": response[0] / NS_PER_MS if ok else None,
            "mean": sum(response) / len(ok) / NS_PER_MS if ok else None,
            **_percentiles(response, (50.0, 90.0, 95.0, 99.0)),
            "max": response[-1] / NS_PER_MS if ok else None,
        },
        "service_ms": _percentiles(service, (50.0, 95.0, 99.0)),
    }


def summarise_rate(
    columns: Mapping[str, Sequence[int]], load: Rate, errors_ns: Sequence[int]
) -> RateSummary:
    """Return the keys that a rate adds; `errors_ns` are its scheduling errors, ascending.

    `achieved_rps`: responses without an error per second, from the origin until the schedule was
    over and the last request was done. `backlog`: requests due but not done when the schedule was
    over. A schedule that was stopped was over then.
    """
    aborted_ns = [
        done
        for done, error in zip(columns["done"], columns["error"], strict=True)
        if error == Failure.ABORTED
    ]
    scheduled_ns = max(round(load.duration_s * NS_PER_S), *columns["due"], 0)
    over_ns = min(aborted_ns, default=scheduled_ns)
    ok = sum(1 for error in columns["error"] if error == Failure.NONE)
    return {
        "offered_rps": load.rate_rps,
        "achieved_rps": ok / max(over_ns, *columns["done"], 0) * NS_PER_S,
        "backlog": sum(1 for done in columns["done"] if done > over_ns),
        "scheduling_error_ms": {
            **_percentiles(errors_ns, (50.0, 99.0)),
            "max": errors_ns[-1] / NS_PER_MS if errors_ns else None,
        },
    }


def without_aborted(columns: Mapping[str, Sequence[int]]) -> Mapping[str, Sequence[int]]:
    """Return the rows that were not aborted; the columns themselves if none was."""
    if Failure.ABORTED not in columns["error"]:
        return columns
    rows = [row for row, error in enumerate(columns["error"]) if error != Failure.ABORTED]
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def summarise_chunks(chunks: Mapping[str, Sequence[int]]) -> ChunksSummary:
    """Return in how many pieces responses arrived, and the longest wait between two in each."""
    gaps = sorted(gap for gap in chunks["longest_gap"] if gap != UNKNOWN)
    return {
        "answers": len(chunks["chunks"]),
        "fewest": min(chunks["chunks"], default=None),
        "most": max(chunks["chunks"], default=None),
        "longest_gap_ms": {
            **_percentiles(gaps, (50.0, 95.0, 99.0)),
            "max": gaps[-1] / NS_PER_MS if gaps else None,
        },
    }


def summarise_bystander(rows: Mapping[str, Sequence[int]]) -> BystanderSummary:
    """Return the response times of the bystander."""
    timed = zip(rows["due"], rows["done"], rows["error"], strict=True)
    response = sorted(done - due for due, done, error in timed if error == Failure.NONE)
    return {
        "requests": len(rows["due"]),
        "ok": len(response),
        "latency_ms": {
            **_percentiles(response, (50.0, 95.0, 99.0)),
            "max": response[-1] / NS_PER_MS if response else None,
        },
    }


def _errors(codes: Sequence[int], statuses: Sequence[int]) -> dict[str, int]:
    failed = (pair for pair in zip(codes, statuses, strict=True) if pair[0] != Failure.NONE)
    return dict(Counter(failure_name(*pair) for pair in failed).most_common())


def _percentiles(ascending: Sequence[int], percents: Sequence[float]) -> dict[str, float | None]:
    values_ns = {f"p{percent:g}": nearest_rank(ascending, percent) for percent in percents}
    return {name: None if ns is None else ns / NS_PER_MS for name, ns in values_ns.items()}
