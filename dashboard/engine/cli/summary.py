"""One firing as numbers, for the engine used alone: plain lists, since NumPy is not for here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from dashboard.wire.failure import Failure, failure_name
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.plan import Rate
from dashboard.wire.units import NS_PER_MS, NS_PER_S


def summarise(samples: Mapping[str, Sequence[int]], rows: int) -> dict[str, Any]:
    """The result of the first `rows` rows, with the keys of docs/commands.md.

    What Ctrl-C cut off is no failure: it is in `cut_off` and in no other number. A burst that was
    cut short still has a makespan here, until the last of those that were done.
    """
    columns = ended_by_themselves({name: column[:rows] for name, column in samples.items()})
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
) -> dict[str, Any]:
    """What a rate has beside that; `errors_ns` are its scheduling errors, ascending.

    `achieved_rps`: answers without an error, a second, from the origin until the schedule was
    over and the last request was done. `backlog`: what had become due and was not done when the
    schedule was over. A schedule that was cut short was over when it was.
    """
    cut_ns = [
        done
        for done, error in zip(columns["done"], columns["error"], strict=True)
        if error == Failure.ABORTED
    ]
    over = min(cut_ns) if cut_ns else max(round(load.duration_s * NS_PER_S), *columns["due"], 0)
    ok = sum(1 for error in columns["error"] if error == Failure.NONE)
    return {
        "offered_rps": load.rate_rps,
        "achieved_rps": ok / max(over, *columns["done"], 0) * NS_PER_S,
        "backlog": sum(1 for done in columns["done"] if done > over),
        "scheduling_error_ms": {
            **_percentiles(errors_ns, (50.0, 99.0)),
            "max": errors_ns[-1] / NS_PER_MS if errors_ns else None,
        },
    }


def ended_by_themselves(columns: Mapping[str, Sequence[int]]) -> Mapping[str, Sequence[int]]:
    """Return the rows that were not cut off; the columns themselves where none was."""
    if Failure.ABORTED not in columns["error"]:
        return columns
    rows = [row for row, error in enumerate(columns["error"]) if error != Failure.ABORTED]
    return {name: [column[row] for row in rows] for name, column in columns.items()}


def summarise_chunks(chunks: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """In how many pieces answers came, and the longest wait in each between two of them."""
    gaps = sorted(gap for gap in chunks["longest_gap"] if gap != UNKNOWN)
    return {
        "chunks": {
            "answers": len(chunks["chunks"]),
            "fewest": min(chunks["chunks"], default=None),
            "most": max(chunks["chunks"], default=None),
            "longest_gap_ms": {
                **_percentiles(gaps, (50.0, 95.0, 99.0)),
                "max": gaps[-1] / NS_PER_MS if gaps else None,
            },
        }
    }


def summarise_neighbour(rows: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """What somebody else felt meanwhile."""
    timed = zip(rows["due"], rows["done"], rows["error"], strict=True)
    response = sorted(done - due for due, done, error in timed if error == Failure.NONE)
    return {
        "neighbour": {
            "requests": len(rows["due"]),
            "ok": len(response),
            "latency_ms": {
                **_percentiles(response, (50.0, 95.0, 99.0)),
                "max": response[-1] / NS_PER_MS if response else None,
            },
        }
    }


def _errors(codes: Sequence[int], statuses: Sequence[int]) -> dict[str, int]:
    failed = (pair for pair in zip(codes, statuses, strict=True) if pair[0] != Failure.NONE)
    return dict(Counter(failure_name(*pair) for pair in failed).most_common())


def _percentiles(ascending: Sequence[int], percents: Sequence[float]) -> dict[str, float | None]:
    found = {f"p{percent:g}": nearest_rank(ascending, percent) for percent in percents}
    return {name: None if ns is None else ns / NS_PER_MS for name, ns in found.items()}
