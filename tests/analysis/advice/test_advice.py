"""Each planted cause with the advice that follows from it: lane, prediction, price, diff."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.analysis.advice.advice import MOST, advice_on
from dashboard.analysis.advice.loop import sync_twin
from dashboard.analysis.advice.situation import VariantChoice, source_of
from dashboard.analysis.text.advice import no_advice_text, prediction_text, price_text
from dashboard.wire.report.advice import Advice
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.causes.test_causes import (
    BLOCKED,
    CPU,
    EXECUTOR,
    LITTLE_CPU,
    ONE,
    SERIALISED,
    THREAD_COST,
    THREADS,
    WAITING,
    free,
    held,
)
from tests.analysis.planted import Planted, busy, pool

from .situations import VARIANTS, situation

LINE: Any = {
    "path": "shop/views.py",
    "line": 42,
    "function": "report",
    "leaf": "requests.get",
    "state": "holding",
    "share": 0.81,
    "ms": 8100.0,
}


WHERE: Any = {
    "lines": [
        {
            "path": "shop/views.py",
            "source_from": 41,
            "source": ["def report(request):", "    answer = requests.get(url)"],
        }
    ]
}


def renamed(lane: Planted, name: str, **changes: Any) -> Planted:
    return Planted(**{**vars(lane), "name": name, **changes})


def only(pieces: list[Advice]) -> Advice:
    (piece,) = pieces
    return piece


def value_of(piece: Advice) -> float:
    assert piece["prediction"]
    assert piece["prediction"]["value"]
    return piece["prediction"]["value"]


def test_all_threads_busy_calls_for_a_thread_per_request() -> None:
    piece = only(advice_on(situation([THREADS, free()])))
    assert (piece["cause"], piece["lane"]) == ("threads-busy", "sync@gunicorn-gthread")
    assert piece["fires"] == "sync@gunicorn-gthread:threads=100"
    assert piece["text"] == (
        "Give gunicorn-gthread 100 threads instead of 8, one for each request."
    )
    # One wait of 0.1 s; the last of 100 threads has the core after 99 others, 0.5 ms each.
    assert value_of(piece) == pytest.approx(0.15, rel=0.03)
    assert prediction_text(piece["prediction"]).startswith("Predicted total time: 1")  # type: ignore[arg-type]
    assert piece["prediction"]["formula"].startswith("⌈100/100⌉ · ")  # type: ignore[index]
    assert piece["memory_mb"] == pytest.approx(92 * 100 / 1024)
    assert price_text(piece) == "About 9 MiB more memory."


def test_threads_in_several_processes_are_shared_out() -> None:
    two = renamed(THREADS, "sync@gunicorn-gthread:processes=2")
    piece = only(advice_on(situation([two, free()])))
    assert piece["fires"] == "sync@gunicorn-gthread:processes=2,threads=50"
    assert "50 threads each instead of 8" in piece["text"]


def test_memory_per_thread_is_that_of_the_runs_own_lanes() -> None:
    more = renamed(THREADS, "sync@gunicorn-gthread:threads=40", model=pool(40, 100))
    found = situation([THREADS, more, free()])
    for lane, threads, rss_mb in zip(found.report["lanes"], (8, 40, 3), (50, 52, 40), strict=True):
        lane["server_side"]["peak_threads"] = threads
        lane["server_side"]["peak_rss_mb"] = rss_mb
    piece = advice_on(found)[0]
    assert piece["fires"] == "sync@gunicorn-gthread:threads=100"
    assert piece["memory_mb"] == pytest.approx(92 * (52 - 50) / (40 - 8))


def test_one_at_a_time_calls_for_threads_an_asgi_server_or_processes() -> None:
    pieces = advice_on(situation([ONE, free()]))
    assert [piece["fires"] for piece in pieces] == [
        "sync@gunicorn-gthread:threads=100",
        "sync@uvicorn",
        "sync@gunicorn-sync:processes=3",  # 2 · 1 core + 1
    ]
    assert value_of(pieces[0]) == pytest.approx(0.15, rel=0.03)
    assert value_of(pieces[2]) == pytest.approx(34 * 0.1005 + 2 * 0.0005, rel=0.03)  # ⌈100/3⌉


def test_a_lane_that_cannot_be_fired_is_not_advised() -> None:
    refused = {"sync@uvicorn", "sync@gunicorn-gthread:threads=100"}
    pieces = advice_on(situation([ONE, free()], refused=refused))
    assert [piece["fires"] for piece in pieces] == ["sync@daphne", "sync@gunicorn-sync:processes=3"]


def test_a_blocked_loop_calls_for_the_sync_variant_or_another_call() -> None:
    pieces = advice_on(situation([BLOCKED, free()], bystander_ms=900.0))
    fired, read = pieces
    assert fired["fires"] == "sync@daphne"
    assert fired["prediction"] == {
        "metric": "bystander_ms_p50",
        "value": None,
        "low": None,
        "high": pytest.approx(160, rel=0.03),  # 10 ms, and 100 · (0.5 + 1) ms of CPU
        "formula": fired["prediction"]["formula"],  # type: ignore[index]
    }
    assert read["fires"] is None
    assert read["untested"]
    assert read["diff"] == []


def test_of_a_view_that_computes_nothing_is_predicted_for_the_bystander() -> None:
    """It waits for the CPU either way: 100 · 9 ms."""
    heavy = renamed(BLOCKED, BLOCKED.name, growth_per_request={**held(view=100), "cpu": 9 * MS})
    pieces = advice_on(situation([heavy, free()], bystander_ms=900.0))
    metrics = {piece["prediction"]["metric"] for piece in pieces if piece["prediction"]}
    assert "bystander_ms_p50" not in metrics


def test_the_line_that_blocked_the_loop_is_replaced_in_a_diff() -> None:
    found = situation(
        [BLOCKED, free()],
        bystander_ms=900.0,
        source_line=source_of([WHERE]),
    )
    (comparison,) = found.report["verdict"]["comparisons"]  # type: ignore[index]
    comparison["causes"][0]["evidence"]["lines"] = [LINE]  # type: ignore[typeddict-unknown-key]
    read = advice_on(found)[1]
    assert "shop/views.py:42" in read["text"]
    assert read["diff"][-2:] == ["-answer = requests.get(url)", "+answer = await client.get(url)"]


def test_without_a_bystander_the_total_time_is_predicted_of_a_free_loop() -> None:
    fired = advice_on(situation([BLOCKED, free()]))[0]
    assert fired["prediction"]["metric"] == "makespan_s"  # type: ignore[index]
    assert value_of(fired) == pytest.approx(0.15, rel=0.03)


def test_a_full_executor_calls_for_a_thread_per_request() -> None:
    piece = only(advice_on(situation([EXECUTOR, free()])))
    assert piece["fires"] == f"{EXECUTOR.name}:executor=100"
    assert "100 threads instead of 6" in piece["text"]
    assert "set_default_executor(ThreadPoolExecutor(max_workers=100))" in piece["diff"][-1]
    # A wave of the 17 that were measured, and the last of 100 threads after 99 others.
    assert value_of(piece) == pytest.approx(0.15, rel=0.03)
    assert piece["memory_mb"] == pytest.approx((100 - 6) * 100 / 1024)


def test_a_full_executor_that_no_lane_can_set_is_changed_in_the_code() -> None:
    refused = {f"{EXECUTOR.name}:executor=100"}
    piece = only(advice_on(situation([EXECUTOR, free()], refused=refused)))
    assert (piece["fires"], piece["untested"]) == (None, "no lane can set it at this server")
    assert piece["prediction"]
    assert piece["diff"]


def test_a_full_core_of_several_calls_for_more_processes() -> None:
    heavy = renamed(CPU, "heavy@uvicorn")
    other = free(5, growth_per_request={"cpu": 10_000, "switches": 2})
    piece = only(advice_on(situation([heavy, other], cores=2)))
    assert piece["fires"] == "heavy@uvicorn:processes=2"
    assert value_of(piece) == pytest.approx(1.0, rel=0.03)  # 100 · 20 ms on two cores
    assert "1 process: " in piece["prediction"]["formula"]  # type: ignore[index]


def test_a_full_core_without_another_calls_for_computing_elsewhere() -> None:
    other = free(5, growth_per_request={"cpu": 10_000, "switches": 2})
    fired = only(advice_on(situation([CPU, other], bystander_ms=300.0)))
    assert fired["fires"] == "celery@daphne"
    assert fired["prediction"]["high"] == 150  # type: ignore[index]
    without = {name: variant for name, variant in VARIANTS.items() if not variant.polls}
    read = only(advice_on(situation([CPU, other], variants=without)))
    assert read["fires"] is None
    assert "Celery" in read["text"]
    assert read["prediction"]["low"] == pytest.approx(0.9 * 2.0, rel=0.03)  # type: ignore[index]
    assert only(advice_on(situation([CPU, other]))) == read  # no bystander that would show it


def test_hops_of_one_thread_call_for_threads_of_their_own_where_there_are_some() -> None:
    piece = only(advice_on(situation([SERIALISED, free()], requests=10, cpus=28)))
    assert piece["fires"] == "bridged-threads@daphne"
    assert value_of(piece) == pytest.approx(0.1, rel=0.05)  # the longest hop
    assert piece["unsafe"]
    assert "thread_sensitive=False" in piece["diff"][-1]
    # 300 hops on 6 threads take longer than one after the other in each request.
    assert advice_on(situation([SERIALISED, free()])) == []


def test_the_cost_of_threads_calls_for_a_pool() -> None:
    lean = free(
        model=busy(3),
        growth_per_request={"cpu": 2_000_000, "switches": 3, "threads_started": 0},
    )
    piece = only(advice_on(situation([THREAD_COST, lean])))
    assert piece["fires"] == "sync@gunicorn-gthread:threads=100"
    assert piece["prediction"]["metric"] == "cpu_ms_per_request"  # type: ignore[index]
    assert piece["prediction"]["high"] == pytest.approx(0.9 * 6)  # type: ignore[index]


@pytest.mark.parametrize(
    ("lanes", "expected"),
    [
        ([WAITING, free()], "the view itself waits, which no server and no thread can shorten"),
        ([free(), free(name="async@uvicorn")], "no cause was found"),
        ([THREADS], "a single lane shows no cause"),
    ],
)
def test_without_evidence_there_is_no_advice(lanes: list[Planted], expected: str) -> None:
    found = situation(lanes)
    assert advice_on(found) == []
    assert no_advice_text(found.report) == f"No advice: {expected}."


def test_a_lane_of_the_run_is_not_advised_again() -> None:
    more = renamed(
        THREADS,
        "sync@gunicorn-gthread:threads=100",
        model=pool(100, 100),
        health={"peak_in_app": 100, "peak_in_view": 100},
    )
    assert advice_on(situation([THREADS, more])) == []


def test_two_causes_share_the_four_places_the_best_of_each_first() -> None:
    pieces = advice_on(
        situation([free(), ONE, renamed(BLOCKED, "async-blocking@uvicorn")], bystander_ms=900.0)
    )
    assert len(pieces) == MOST
    assert {piece["cause"] for piece in pieces[:2]} == {"one-at-a-time", "loop-blocked"}


def test_a_little_cpu_is_part_of_the_prediction() -> None:
    costly = renamed(THREADS, THREADS.name, growth_per_request={**LITTLE_CPU, "cpu": 1_000_000})
    piece = only(advice_on(situation([costly, free()])))
    assert value_of(piece) == pytest.approx(0.101 + 0.099, rel=0.03)
    assert "1 ms of CPU per request on 1 core" in piece["prediction"]["formula"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("name", "others", "twin"),
    [
        ("async", ("sync", "sync-slow"), "sync"),
        ("async-httpx", ("sync-httpx", "sync-requests"), "sync-httpx"),
        ("async-sequential", ("sequential", "threads"), "sequential"),
        ("async-naive", ("sync",), "sync"),
        ("gather", ("sequential", "threads"), None),
        ("gather", (), None),
    ],
)
def test_the_sync_variant_of_the_same_work(
    name: str, others: tuple[str, ...], twin: str | None
) -> None:
    variants = {other: VariantChoice(other, "sync") for other in others}
    variants |= {name: VariantChoice(name, "async"), "celery": VARIANTS["celery"]}
    subject = situation([free(name=f"{name}@daphne")], variants=variants).about(f"{name}@daphne")
    assert subject
    found = sync_twin(subject)
    assert (found and found.name) == twin
