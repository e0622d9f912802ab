"""Numbers from samples with a planted truth."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.report.report import ReportContext, first_look, make_report
from dashboard.analysis.samples import server_side, stats
from dashboard.analysis.samples.lane_samples import collect
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.planning.plans import make_plan
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.units import NS_PER_MS as MS
from tests.runs.fakes import LIVEAPP


def sample(number: int = 0, **changes: int) -> dict[str, int]:
    """100 ms: 1 client delay, 9 server, 10 framework, 70 view, 10 delivery."""
    row = {
        "request": number, "due": 0, "connecting": 0, "sent_first": 1 * MS, "sent": 1 * MS,
        "entered": 10 * MS, "view_entered": 20 * MS, "view_left": 90 * MS,
        "first_byte": 95 * MS, "done": 100 * MS, "status": 200, "error": 0, "process": 7,
    }  # fmt: skip
    return {**row, **changes}


def encoded(
    rows: list[dict[str, int]], kind: str = "samples", lane: int = 0, number: int = 1
) -> bytes:
    columns = frame.rows_to_columns(kind, rows)
    return frame.encode(kind, lane=lane, round=number, origin_ns=0, columns=columns)


def test_the_warm_up_is_not_counted() -> None:
    (lane,) = collect([encoded([sample()], number=0), encoded([sample(done=50 * MS)])], 1)
    assert stats.latency_ms(lane)["max"] == 50.0
    assert stats.makespans_s(lane, 1) == [0.05]


def test_columns_that_an_older_run_lacks_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    later = ("loop_held_by", "loop_in_view", "loop_in_app", "neighbour_requests")
    types = {name: kind for name, kind in frame.COLUMNS["health"].items() if name not in later}
    with monkeypatch.context() as patch:
        patch.setattr(frame, "COLUMNS", {**frame.COLUMNS, "health": types})
        older = encoded([{"at": 1, "process": 7, "cpu": MS}], "health")
    newer = encoded([{"at": 2, "process": 7, "loop_held_by": 1}], "health")
    (lane,) = collect([older, newer], 1)
    assert lane.health["loop_held_by"].tolist() == [-1, 1]
    assert lane.health["neighbour_requests"].tolist() == [-1, -1]
    assert lane.health["cpu"].tolist() == [MS, -1]


def test_segments_are_where_they_were_planted() -> None:
    (lane,) = collect([encoded([sample(number) for number in range(20)])], 1)
    segments: dict[str, Any] = {**stats.segments_ms(lane)}
    medians = {name: value["p50"] for name, value in segments.items()}
    assert medians == {"client_delay": 1, "server": 9, "framework": 10, "view": 70, "delivery": 10}


def test_an_early_call_of_the_application_is_no_negative_time() -> None:
    (lane,) = collect([encoded([sample(sent=15 * MS)])], 1)
    assert stats.segments_ms(lane)["server"]["p50"] == 0


def test_without_a_probe_its_segments_are_unknown_and_not_zero() -> None:
    unknown = {"entered": -1, "view_entered": -1, "view_left": -1}
    (lane,) = collect([encoded([sample(**unknown)])], 1)
    segments: dict[str, Any] = {**stats.segments_ms(lane)}
    medians = {name: value["p50"] for name, value in segments.items()}
    assert medians["client_delay"] == 1
    assert (
        medians["server"] is medians["framework"] is medians["view"] is medians["delivery"] is None
    )


def test_failures_are_counted_and_never_mixed_into_latencies() -> None:
    failed = {"error": Failure.STATUS, "status": 503, "done": 1 * MS}
    refused = {"error": Failure.REFUSED, "status": 0, "sent_first": -1, "done": 2 * MS}
    rows = [sample(0), sample(1, **failed), sample(2, **failed), sample(3, **refused)]
    (lane,) = collect([encoded(rows)], 1)
    assert stats.errors(lane) == {"http-503": 2, "refused": 1}
    assert stats.latency_ms(lane)["min"] == 100
    assert stats.service_ms(lane)["p50"] == 99


def test_percentiles_that_the_sample_cannot_carry_are_unknown() -> None:
    (lane,) = collect([encoded([sample(number) for number in range(99)])], 1)
    assert stats.latency_ms(lane)["p99"] is None
    assert stats.latency_ms(lane)["p95"] == 100


def test_makespans_stand_one_a_round_in_order() -> None:
    frames = [
        encoded([sample(0), sample(1, due=10 * MS, done=300 * MS)], number=2),
        encoded([sample(0, done=100 * MS)], number=1),
        encoded([sample(1, done=200 * MS)], number=1),
    ]
    (lane,) = collect(frames, 1)
    assert stats.makespans_s(lane, 2) == [0.2, 0.3]


def test_a_round_that_was_stopped_has_no_makespan() -> None:
    aborted = {"error": Failure.ABORTED, "status": 0}
    frames = [
        encoded([sample(0), sample(1)]),
        encoded([sample(0), sample(1, **aborted)], number=2),
        encoded([sample(0)], number=3),
    ]
    (lane,) = collect(frames, 1)
    assert stats.makespans_s(lane, 2) == [0.1]
    assert stats.throughput_rps(lane, 2) == 20.0


def test_what_the_target_did_and_cost() -> None:
    def row(process: int, **values: int) -> dict[str, int]:
        return {"at": 0, "process": process, **values}

    first = [
        row(7, cpu=1000 * MS, peak_in_app=1, threads=2, rss=2**20, threads_started=0),
        row(8, cpu=0, threads=1, rss=2**20),
        row(7, cpu=1010 * MS, peak_in_app=8, threads=9, rss=2**21, threads_started=3, loop_lag=5),
    ]
    second = [
        row(7, cpu=2000 * MS, peak_in_app=4, threads=9, threads_started=0),
        row(7, cpu=2030 * MS, peak_in_app=6, threads=9, threads_started=2),
    ]
    frames = [
        encoded(first, "health"),
        encoded(second, "health", number=2),
        encoded([sample(number) for number in range(10)]),
        encoded([sample(number) for number in range(10)], number=2),
    ]
    (lane,) = collect(frames, 1)
    side = server_side.server_side(lane)
    assert side["peak_in_app"] == 8
    assert side["peak_in_view"] is None
    assert side["peak_threads"] == 10
    assert side["threads_started"] == 5
    assert side["peak_rss_mb"] == 3
    assert side["cpu_ms_per_request"] == 2.0
    assert side["loop_lag_ms_max"] == 5 / MS
    assert side["loop_lag_ms_p99"] is None


def test_nothing_measured_is_nothing_known() -> None:
    (lane,) = collect([], 1)
    assert set(stats.latency_ms(lane).values()) == {None}
    assert set(server_side.server_side(lane).values()) == {None}
    assert stats.makespans_s(lane, 1) == []
    assert stats.throughput_rps(lane, 1) is None


def report(*lengths_ms: int) -> Any:
    plan = make_plan(load_manifest(LIVEAPP), scenario="sleep", requests=1, rounds=1, seed=1)
    frames = [
        encoded([sample(done=length * MS)], lane=lane) for lane, length in enumerate(lengths_ms)
    ]
    return make_report(plan, ReportContext("r", "finished", {}), frames)


def test_a_report_has_every_lane_and_null_for_unmeasured_values() -> None:
    result = report(100, 20)
    assert [lane["requests"] for lane in result["lanes"]] == [1, 1, 0]
    assert result["lanes"][2]["throughput_rps"] is None
    assert result["instrument"] is None
    assert [comparison["answer"] for comparison in result["verdict"]["comparisons"]] == [
        "first-look",
        "no-rounds",
    ]
    assert result["load"] == {"kind": "burst", "requests": 1, "concurrency": 1}


def test_a_first_look_is_the_ratio_of_medians() -> None:
    assert first_look(report(100, 20)) == [1.0, pytest.approx(0.2), None]


def test_a_lane_that_fails_fast_is_not_compared() -> None:
    plan = make_plan(load_manifest(LIVEAPP), scenario="sleep", requests=50, rounds=1, seed=1)
    failed = {"error": Failure.STATUS, "status": 503, "done": 2 * MS}
    frames = [
        encoded([sample(number, done=100 * MS) for number in range(50)]),
        encoded([sample(0, **failed), *(sample(number) for number in range(1, 50))], lane=1),
        encoded([sample(number, done=50 * MS) for number in range(50)], lane=2),
    ]
    result: Any = make_report(plan, ReportContext("r", "finished", {}), frames)
    assert first_look(result) == [1.0, None, pytest.approx(0.5)]
    assert result["verdict"]["comparisons"][0]["causes"] == [
        {
            "name": "errors",
            "lane": "sync@daphne",
            "share": None,
            "evidence": {"errors": {"http-503": 1}},
        }
    ]


def test_a_report_from_before_there_were_verdicts_has_a_first_look() -> None:
    result: Any = report(100, 20, 50) | {"verdict": None}
    assert first_look(result) == [1.0, pytest.approx(0.2), pytest.approx(0.5)]


def test_a_target_that_was_restarted_does_not_count_twice() -> None:
    rows = [{"at": 0, "process": process, "threads": 5, "rss": 2**20} for process in (7, 8)]
    frames = [encoded([row], "health", number=number) for number, row in enumerate(rows, 1)]
    (lane,) = collect(frames, 1)
    assert server_side.server_side(lane)["peak_threads"] == 5
    assert server_side.server_side(lane)["peak_rss_mb"] == 1


def test_a_discarded_round_is_left_out() -> None:
    frames = [encoded([sample(done=length * MS)], number=length) for length in (1, 2, 3)]
    (lane,) = collect(frames, 1, discarded=[2])
    assert stats.makespans_s(lane, 1) == [0.001, 0.003]
