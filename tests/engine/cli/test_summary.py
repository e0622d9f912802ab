"""The result of one firing, for the load generator used alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.engine.cli.summary import summarise, summarise_rate
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Rate
from dashboard.wire.units import NS_PER_MS as MS


def samples(*rows: tuple[int, int, int, int, int]) -> Mapping[str, Sequence[int]]:
    names = ("due", "sent_first", "done", "status", "error")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_the_result_of_a_burst() -> None:
    columns = samples(
        *((0, 5 * MS, (10 + number) * MS, 200, 0) for number in range(20)),
        (0, 5 * MS, 80 * MS, 500, Failure.STATUS),
        (20 * MS, -1, 100 * MS, 0, Failure.REFUSED),
    )
    result = summarise(columns, 22)
    assert (result["requests"], result["ok"]) == (22, 20)
    assert result["errors"] == {"http-500": 1, "refused": 1}
    assert result["makespan_s"] == 0.1
    assert result["throughput_rps"] == 200
    assert result["latency_ms"] == {
        "min": 10, "mean": 19.5, "p50": 19, "p90": 27, "p95": 28, "p99": None, "max": 29,
    }  # fmt: skip
    assert result["service_ms"] == {"p50": 14, "p95": 23, "p99": None}


def test_without_a_response_times_are_null() -> None:
    result = summarise(samples((0, -1, MS, 0, Failure.REFUSED)), 1)
    assert (result["ok"], result["throughput_rps"]) == (0, None)
    assert set(result["latency_ms"].values()) == set(result["service_ms"].values()) == {None}


def test_a_rate_that_the_target_did_not_keep_up_with() -> None:
    """Ten at 10/s were offered; four responses were in time, four late, and two failed."""
    columns = samples(
        *((number * 100 * MS, 0, (number * 100 + 5) * MS, 200, 0) for number in range(4)),
        *((number * 100 * MS, 0, 2000 * MS, 200, 0) for number in range(4, 8)),
        *((number * 100 * MS, -1, 1500 * MS, 0, Failure.TIMEOUT) for number in range(8, 10)),
    )
    assert summarise_rate(columns, Rate(10, 1), [1 * MS, 2 * MS, 3 * MS]) == {
        "offered_rps": 10,
        "achieved_rps": 4,  # eight in two seconds
        "backlog": 6,
        "scheduling_error_ms": {"p50": 2, "p99": None, "max": 3},
    }


def test_a_rate_that_was_kept() -> None:
    columns = samples(
        *((number * 100 * MS, 0, number * 100 * MS + 1, 200, 0) for number in range(10))
    )
    result = summarise_rate(columns, Rate(10, 1), [])
    assert (result["achieved_rps"], result["backlog"]) == (10, 0)
    assert result["scheduling_error_ms"] == {"p50": None, "p99": None, "max": None}


def test_unwritten_rows_do_not_count() -> None:
    columns = samples((0, 1, 2 * MS, 200, 0), (0, 0, 0, 0, 0))
    assert summarise(columns, 1)["requests"] == 1
    assert summarise(columns, 0)["makespan_s"] is None
