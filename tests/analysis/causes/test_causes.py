"""Each cause of the table is planted in frames at two loads: it is named, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.lane.config import Executor, LaneConfig
from dashboard.wire.failure import Failure
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.planted import (
    Planted,
    Stamps,
    at_once,
    busy,
    one_in_view,
    pool,
    queue_in_view,
    report_of,
)

BY_VIEW, BY_APP, BY_OTHER = 1, 2, 0


def held(view: int = 0, app: int = 0, other: int = 0) -> dict[str, int]:
    """Return for how long each holder holds the loop, in ms per request."""
    return {
        "loop_in_view": view * MS, "loop_in_app": app * MS, "loop_elsewhere": other * MS
    }  # fmt: skip


LITTLE_CPU = {"cpu": 1 * MS // 2, "switches": 2}
CORE = LaneConfig(cores=1)


def free(view_ms: float = 100, **changes: Any) -> Planted:
    """Return an async lane that takes all requests at once and only waits."""
    values = {
        "name": "async@daphne",
        "model": at_once(view_ms),
        "config": CORE,
        "health": {"peak_in_app": 100, "peak_in_view": 100, "loop_held": 2 * MS},
        "growth_per_request": LITTLE_CPU,
    }
    return Planted(**{**values, **changes})


THREADS = Planted(
    name="sync@gunicorn-gthread",
    model=pool(8, 100),
    config=LaneConfig(threads=8, cores=1, capacity=8, wait_s=0.1),
    health={"peak_in_app": 8, "peak_in_view": 8},
    growth_per_request=LITTLE_CPU,
)
ONE = Planted(
    name="sync@gunicorn-sync",
    model=pool(1, 100),
    config=LaneConfig(threads=1, cores=1),
    health={"peak_in_app": 1, "peak_in_view": 1},
    growth_per_request=LITTLE_CPU,
)
BLOCKED = Planted(
    name="async-blocking@daphne",
    model=one_in_view(100),
    config=CORE,
    health={
        "peak_in_app": 100,
        "peak_in_view": 1,
        "loop_held": 100 * MS,
        "loop_lag": 90 * MS,
        "loop_held_by": BY_VIEW,
    },
    growth_per_request={**LITTLE_CPU, **held(view=100)},
)
EXECUTOR = free(
    name="bridged-threads@daphne",
    model=queue_in_view(6, 100),
    config=LaneConfig(cores=1, executor=Executor(limit=6, threads=6, queued=14)),
)
SERIALISED = free(
    300,
    name="bridged@daphne",
    config=LaneConfig(
        cores=1,
        serialised={"thread": "t", "hops": 3, "worked_ms": 300, "longest_ms": 100, "lost_ms": 200},
    ),
)
CPU = Planted(
    name="heavy@daphne",
    model=busy(20),
    config=CORE,
    health={"peak_in_app": 100, "peak_in_view": 100, "loop_held": 2 * MS},
    growth_per_request={"cpu": 20 * MS, "switches": 2},
)
THREAD_COST = Planted(
    name="sync@daphne",
    model=busy(8),
    config=LaneConfig(cores=2),
    health={"peak_in_app": 100, "peak_in_view": 100, "rss": 2**28},
    growth_per_request={"cpu": 6 * MS, "switches": 30, "threads_started": 1},
)
WAITING = free(250, name="slow@daphne")
WHOLE = free(300, name="list@daphne", model=at_once(300))
STREAMED = free(100, name="stream@daphne", model=at_once(100, last_ms=200))

PLANTED = [
    ("threads-busy", THREADS, free()),
    ("one-at-a-time", ONE, free()),
    ("loop-blocked", BLOCKED, free()),
    ("executor-full", EXECUTOR, free()),
    ("serialised-on-one-thread", SERIALISED, free()),
    ("cpu-bound", CPU, free(5, growth_per_request={"cpu": MS // 100, "switches": 2})),
    (
        "thread-cost",
        THREAD_COST,
        free(
            model=busy(3),
            growth_per_request={"cpu": 2 * MS, "switches": 3, "threads_started": 0},
        ),
    ),
    ("waiting-in-app", WAITING, free()),
]


def causes(report: dict[str, Any]) -> list[dict[str, Any]]:
    (comparison,) = report["verdict"]["comparisons"]
    named: list[dict[str, Any]] = comparison["causes"]
    return named


@pytest.mark.parametrize("requests", [20, 100])
@pytest.mark.parametrize("rounds", [3, 6])
@pytest.mark.parametrize(("name", "slow", "fast"), PLANTED, ids=[case[0] for case in PLANTED])
def test_a_planted_cause_is_named_and_no_other(
    name: str, slow: Planted, fast: Planted, rounds: int, requests: int
) -> None:
    for lanes in ([slow, fast], [fast, slow]):
        report = report_of(lanes, requests, rounds)
        named = causes(report)
        assert [cause["name"] for cause in named] == [name]
        assert named[0]["lane"] == slow.name
        assert named[0]["share"] >= 0.5
        assert "not found" not in report["verdict"]["sentence"]


@pytest.mark.parametrize("requests", [20, 100])
def test_buffered_answers_are_named_whatever_the_total_times(requests: int) -> None:
    named = causes(report_of([WHOLE, STREAMED], requests))
    (held,) = [cause for cause in named if cause["name"] == "not-streaming"]
    assert held["lane"] == WHOLE.name
    assert held["evidence"]["first_byte_ms_p50"] == pytest.approx(300, rel=0.05)
    assert held["evidence"]["other_first_byte_ms_p50"] == pytest.approx(100, rel=0.05)


@pytest.mark.parametrize("requests", [20, 100])
def test_equal_lanes_have_no_difference(requests: int) -> None:
    report = report_of([free(), free(name="async@uvicorn")], requests)
    assert [cause["name"] for cause in causes(report)] == ["no-difference"]


@pytest.mark.parametrize("requests", [50, 100])
def test_failures_are_the_cause_and_there_is_no_ratio(requests: int) -> None:
    def failing(number: int) -> list[Stamps]:
        good = at_once(100)(number)
        return [
            Stamps(1, 2, 3, 4, error=Failure.STATUS) if at < 2 else stamps
            for at, stamps in enumerate(good)
        ]

    report = report_of([free(), free(name="broken@daphne", model=failing)], requests)
    (comparison,) = report["verdict"]["comparisons"]
    assert comparison["answer"] == "errors"
    assert comparison["ratio"] is comparison["interval"] is None
    assert [cause["name"] for cause in comparison["causes"]] == ["errors"]
    assert "http-503" in report["verdict"]["sentence"]


@pytest.mark.parametrize("requests", [20, 100])
def test_a_saturated_engine_is_the_cause_and_there_is_no_verdict(requests: int) -> None:
    report = report_of(
        [THREADS, free()],
        requests,
        instrument={"saturated": True, "steal_percent": 0},
        no_verdict_reason="The engine used 97 % of its core.",
    )
    (comparison,) = report["verdict"]["comparisons"]
    assert comparison["answer"] == "not-trusted"
    assert comparison["ratio"] == pytest.approx(0.2, abs=0.15)  # shown, and marked
    assert comparison["interval"] is None
    assert [cause["name"] for cause in comparison["causes"]] == ["client-bound"]
    sentence = report["verdict"]["sentence"]
    assert sentence.startswith(
        "No verdict. The engine used 97 % of its core. Measured, but not reliable"
    )
    assert "× faster than" in sentence


def test_two_causes_that_fit_are_both_shown_the_greater_share_first() -> None:
    slow_pool = Planted(**{**vars(THREADS), "model": pool(8, 150)})
    named = causes(report_of([slow_pool, free()], 100))
    assert [cause["name"] for cause in named] == ["threads-busy", "waiting-in-app"]
    assert named[0]["share"] > named[1]["share"]


def test_a_longer_wait_in_two_equal_pools_is_not_laid_on_the_pool() -> None:
    slow_pool = Planted(**{**vars(THREADS), "name": "slow@gunicorn-gthread", "model": pool(8, 120)})
    named = causes(report_of([THREADS, slow_pool], 100))
    assert [cause["name"] for cause in named] == ["waiting-in-app"]


def test_without_evidence_the_cause_is_not_found() -> None:
    unknown = Planted("sync@elsewhere", at_once(250))
    report = report_of([unknown, free()], 20)
    assert causes(report) == []
    assert "cause not found" in report["verdict"]["sentence"]


def test_an_executor_is_never_blamed_by_guess() -> None:
    guessed = Planted(**{**vars(EXECUTOR), "config": CORE})
    names = [cause["name"] for cause in causes(report_of([guessed, free()], 20))]
    assert "executor-full" not in names


def test_the_evidence_has_how_many_waited_and_how_long() -> None:
    (cause,) = causes(report_of([THREADS, free()], 100))
    evidence = cause["evidence"]
    assert (evidence["threads"], evidence["peak_in_app"], evidence["waiting"]) == (8, 8, 92)
    assert evidence["waited_ms_p50"] == pytest.approx(600, rel=0.05)


def test_theory_is_reported_beside_the_measurement() -> None:
    report = report_of([THREADS, free()], 100)
    assert report["lanes"][0]["theory"] == {
        "wait_s": 0.1,
        "promised_k": 8,
        "promised_s": pytest.approx(1.3),
        "seen_k": 8,
        "seen_s": pytest.approx(1.3),
    }
    assert report["lanes"][1]["theory"] is None


def test_the_cpu_that_others_had_is_not_what_a_lane_left_idle() -> None:
    """Other processes had half of its core: with the other half it was at its limit."""
    # Six rounds of twenty requests, 20 ms of CPU each, in twice the time that this takes alone.
    config = LaneConfig(cores=1, busy_s=4.8, cores_s=4.8)
    shared = Planted(**{**vars(CPU), "model": busy(40), "config": config})
    other = free(5, growth_per_request={"cpu": MS // 100, "switches": 2})
    (cause,) = causes(report_of([shared, other], 20))
    assert cause["name"] == "cpu-bound"
    assert cause["evidence"]["taken_by_others"] == pytest.approx(0.5)
    alone = Planted(**{**vars(shared), "config": CORE})
    assert "cpu-bound" not in [cause["name"] for cause in causes(report_of([alone, other], 20))]


# All requests in the application at once, each view of 0.1 ms in its turn behind a hold of 100 ms.
def behind_a_hold(requests: int) -> list[Stamps]:
    ends = [100.0 * (request + 1) + 1 for request in range(requests)]
    return [Stamps(0.2, end - 0.1, end, end + 0.2) for end in ends]


SHORT = free(
    0.1,
    health={"peak_in_app": 100, "peak_in_view": 1, "loop_held": 2 * MS, "loop_held_by": BY_APP},
    growth_per_request={**LITTLE_CPU, **held(app=1)},
)


@pytest.mark.parametrize("requests", [20, 100])
@pytest.mark.parametrize(
    ("by", "sums", "holder"),
    [
        (BY_APP, held(app=100), "middleware-or-framework"),
        (BY_OTHER, held(other=100), "other"),
    ],
)
def test_a_view_is_not_blamed_for_holds_of_others(
    by: int, sums: dict[str, int], holder: str, requests: int
) -> None:
    health = {"peak_in_app": 100, "peak_in_view": 1, "loop_held": 100 * MS, "loop_held_by": by}
    slow = Planted(
        name="async@uvicorn",
        model=behind_a_hold,
        config=CORE,
        health=health,
        growth_per_request={**LITTLE_CPU, **sums},
    )
    report = report_of([slow, SHORT], requests)
    (cause,) = causes(report)
    assert (cause["name"], cause["evidence"]["holder"]) == ("loop-blocked", holder)
    assert cause["share"] >= 0.5
    assert cause["evidence"]["held_ms_per_request"] == pytest.approx(100)
    assert "which blocked the event loop" not in report["verdict"]["sentence"]
    assert ("middleware" in report["verdict"]["sentence"]) == (by == BY_APP)
    assert report["lanes"][0]["server_side"]["loop_held_by"] == holder


def one_in_thread(requests: int) -> list[Stamps]:
    """Sync views of 100 ms in one thread, on a machine that is busy otherwise."""
    return one_in_view(100)(requests)


@pytest.mark.parametrize("by", [BY_VIEW, BY_APP, BY_OTHER])
def test_a_sync_view_in_a_thread_is_never_blamed(by: int) -> None:
    """Something held the loop for 110 ms once: neither a view, nor per request."""
    health = {"peak_in_app": 100, "peak_in_view": 1, "loop_held": 110 * MS, "loop_held_by": by}
    slow = Planted(
        name="sync@uvicorn",
        model=one_in_thread,
        config=CORE,
        health=health,
        growth_per_request={**LITTLE_CPU, **held(app=1)},
        growth={"loop_elsewhere": 110 * MS},
    )
    assert "loop-blocked" not in [cause["name"] for cause in causes(report_of([slow, free()], 20))]


def test_a_view_is_blamed_for_no_more_than_its_own_length() -> None:
    """The system took the CPU away during a view, of which 100 ms were the view's own."""
    health = {**BLOCKED.health, "loop_held": 900 * MS}
    report = report_of([Planted(**{**vars(BLOCKED), "health": health}), free()], 20)
    (cause,) = causes(report)
    assert cause["evidence"]["holder"] == "view"
    assert 95 < cause["evidence"]["loop_held_ms_max"] < 110


def test_an_older_run_has_an_unknown_holder() -> None:
    health = {name: value for name, value in BLOCKED.health.items() if name != "loop_held_by"}
    older = {**vars(BLOCKED), "health": health, "growth_per_request": LITTLE_CPU}
    report = report_of([Planted(**older), free()], 20)
    (cause,) = causes(report)
    assert (cause["name"], cause["evidence"]["holder"]) == ("loop-blocked", None)
    assert "something blocked the event loop" in report["verdict"]["sentence"]


def test_holds_of_the_loop_are_not_its_lag() -> None:
    """The heartbeat waits for the whole queue, one request holds the loop for its own time."""
    late = Planted(**{**vars(BLOCKED), "health": {**BLOCKED.health, "loop_lag": 1800 * MS}})
    (cause,) = causes(report_of([late, free(100)], 20))
    assert cause["name"] == "loop-blocked"
    assert cause["evidence"]["loop_held_ms_max"] == 100
