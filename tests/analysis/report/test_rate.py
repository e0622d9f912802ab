"""For a rate the p95 response time decides, and a lane that falls behind is not compared."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.report.report import ReportContext, make_report
from dashboard.wire import frame
from dashboard.wire.plan.plan import Lane, Plan, Rate
from dashboard.wire.units import NS_PER_MS as MS

LOAD = Rate(100, 1)


def firing(lane: int, number: int, server_ms: float, view_ms: float) -> list[bytes]:
    draw = np.random.default_rng(100 * lane + number)
    rows = []
    for request in range(LOAD.requests):
        due = 10 * MS * request
        entered = due + int((0.1 + server_ms * draw.random()) * MS)
        left = entered + int((view_ms + draw.random()) * MS)
        rows.append(
            {
                "request": request, "due": due, "connecting": due, "sent_first": due, "sent": due,
                "entered": entered, "view_entered": entered, "view_left": left,
                "first_byte": left, "done": left, "status": 200, "error": 0, "process": 7,
            }
        )  # fmt: skip
    health = [
        {"at": 0, "process": 7, "cpu": 0},
        {"at": 1, "process": 7, "cpu": 100 * MS, "peak_in_app": 1, "peak_in_view": 1},
    ]
    return [
        frame.encode(
            kind, lane=lane, round=number, origin_ns=0, columns=frame.rows_to_columns(kind, columns)
        )
        for kind, columns in (("samples", rows), ("health", health))
    ]


def report(*lanes: tuple[float, float], rounds: int = 6, **context: Any) -> Any:
    names = tuple(Lane.parse(name) for name in ("a@x", "b@y", "c@z")[: len(lanes)])
    plan = Plan("planted", names, LOAD, rounds, 1, {}, 30)
    frames = [
        frame_bytes
        for position, (server_ms, view_ms) in enumerate(lanes)
        for number in range(1, rounds + 1)
        for frame_bytes in firing(position, number, server_ms, view_ms)
    ]
    configs = [LaneConfig(cores=1, threads=1)] * len(lanes)
    return make_report(plan, ReportContext("r", "finished", {}, configs=configs, **context), frames)


def rate(keeps_up: bool | None) -> dict[str, Any]:
    return {"offered_rps": 500.0, "achieved_rps": 212.3, "keeps_up": keeps_up}


def test_the_metric_is_p95_of_the_response_time_by_round() -> None:
    result = report((0.1, 10), (0.1, 20))
    assert result["verdict"]["metric"] == "response_p95_ms"
    assert len(result["lanes"][0]["response_p95_ms"]) == 6
    (comparison,) = result["verdict"]["comparisons"]
    assert comparison["answer"] == "differs"
    assert comparison["ratio"] == pytest.approx(1.9, abs=0.1)
    assert "as long as a@x by p95 (95 %: " in result["verdict"]["headline"]


@pytest.mark.parametrize("view_ms", [20, 50])
def test_a_longer_wait_in_the_view_is_named(view_ms: float) -> None:
    (comparison,) = report((0.1, 10), (0.1, view_ms))["verdict"]["comparisons"]
    assert [cause["name"] for cause in comparison["causes"]] == ["waiting-in-app"]
    assert comparison["causes"][0]["share"] > 0.9


@pytest.mark.parametrize("server_ms", [50, 500])
def test_waiting_for_the_one_worker_is_named(server_ms: float) -> None:
    (comparison,) = report((0.1, 10), (server_ms, 10))["verdict"]["comparisons"]
    assert [cause["name"] for cause in comparison["causes"]] == ["one-at-a-time"]
    assert comparison["causes"][0]["evidence"]["waiting"] is None


@pytest.mark.parametrize("behind", [0, 1])
def test_a_lane_that_falls_behind_is_not_compared(behind: int) -> None:
    rates = [rate(position != behind) for position in range(2)]
    result = report((0.1, 10), (0.1, 20), rates=rates)
    (comparison,) = result["verdict"]["comparisons"]
    assert comparison["answer"] == "behind"
    assert comparison["ratio"] is comparison["interval"] is None
    assert result["lanes"][behind]["rate"]["keeps_up"] is False
    lane, able = ("a@x", "b@y") if behind == 0 else ("b@y", "a@x")
    verdict = result["verdict"]
    assert verdict["headline"] == f"{able} kept up with 500 requests/s; {lane} achieved 212/s."
    assert f"{lane} 212/s (backlog growing)" in verdict["sentence"]


def test_only_the_comparison_with_the_one_that_fell_behind_is_missing() -> None:
    result = report((0.1, 10), (0.1, 20), (0.1, 20), rates=[rate(True), rate(False), rate(None)])
    answers = [comparison["answer"] for comparison in result["verdict"]["comparisons"]]
    assert answers == ["behind", "differs"]
