"""Connections that are waited for, and connections that are left open."""

from __future__ import annotations

from typing import Any, cast

import pytest

from dashboard.analysis.advice.advice import advice_on
from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.text.advice import prediction_text
from dashboard.web.charts.evidence import pictures
from dashboard.wire.report.target_facts import ConnectionFacts, PoolFacts
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.advice.situations import situation
from tests.analysis.planted import Planted, at_once, busy, queue_in_view, report_of
from tests.golden.test_contract import check

from .test_causes import causes, free

QUERY_MS = 100
POOL = 4


def facts(requests: int, **changes: Any) -> ConnectionFacts:
    """Return what a lane had that opens a connection for each request, and closes it."""
    plain: dict[str, Any] = {
        "alias": "default", "requests": requests, "opened": requests, "open_max": requests,
        "left_open": 0, "leaked": 0, "collected": 0, "waiting_max": 1, "waited_ms": 0.1 * requests,
        "wait_ms_max": 0.2, "max_age_s": 0, "can_pool": True,
        "vendor": "postgresql", "pool": None,
    }  # fmt: skip
    return cast("ConnectionFacts", {**plain, **changes})


def pool_of(limit: int, queued: int) -> PoolFacts:
    return {
        "limit": limit, "size": limit, "waiting": queued, "opened": limit, "queued": queued,
        "wait_ms": 1000,
    }  # fmt: skip


def pooled(requests: int) -> Planted:
    """Return a lane whose requests queue for a pool of POOL connections."""
    waits_ms = [request // POOL * QUERY_MS for request in range(requests)]
    pool = pool_of(POOL, requests - POOL)
    connections = facts(
        requests, waited_ms=sum(waits_ms), waiting_max=requests - POOL, open_max=POOL, pool=pool
    )
    return lane("async@uvicorn:pool=4", queue_in_view(POOL, QUERY_MS), connections)


def lane(name: str, model: Any, connections: ConnectionFacts, **changes: Any) -> Planted:
    config = LaneConfig(cores=1, connections=[connections])
    health = {
        "peak_in_app": 100, "peak_in_view": 100, "loop_held": 2 * MS, "connections_open": POOL,
    }  # fmt: skip
    return free(name=name, model=model, config=config, health=health, **changes)


def closing(requests: int) -> Planted:
    """Return a lane that opens its connections in no time, and closes them."""
    return lane("async@uvicorn", at_once(QUERY_MS), facts(requests))


def leaking(requests: int, max_age_s: float | None = 60) -> Planted:
    left = facts(requests, left_open=requests, leaked=requests - 3, max_age_s=max_age_s)
    return lane("async@uvicorn:conn_max_age=60", at_once(QUERY_MS), left)


@pytest.mark.parametrize("requests", [20, 100])
def test_a_queue_for_a_pool_is_the_cause_and_nothing_else(requests: int) -> None:
    report = report_of([pooled(requests), closing(requests)], requests)
    (cause,) = causes(report)
    assert (cause["name"], cause["lane"]) == ("waiting-for-connection", "async@uvicorn:pool=4")
    assert cause["share"] > 0.7
    evidence = cause["evidence"]
    assert (evidence["pool"], evidence["waiting"]) == (POOL, requests - POOL)
    assert evidence["waited_ms_per_request"] == pytest.approx(QUERY_MS * (requests / POOL - 1) / 2)
    sentence = report["verdict"]["sentence"]
    assert "waited for database connections" in sentence
    assert "the pool of 'default' has only 4 connections, and up to" in sentence
    check(report)


def test_the_open_connections_are_drawn_with_the_size_of_the_pool() -> None:
    (picture,) = pictures(report_of([pooled(20), closing(20)], 20))
    assert picture.caption == "Waiting for a connection"
    assert "open database connections during a round of" in picture.text
    assert picture.text.endswith("at most 4. Dashed: its pool of 4 connections.")
    assert picture.limit_y is not None


def test_openings_that_take_long_are_the_cause_only_where_the_cpu_is_idle() -> None:
    slow = facts(40, waited_ms=40 * 50)
    opening = lane("async@uvicorn:pool=off", at_once(QUERY_MS + 50), slow)
    named = causes(report_of([opening, closing(40)], 40))
    assert [cause["name"] for cause in named] == ["waiting-for-connection"]
    assert named[0]["evidence"]["pool"] is None
    file = lane("async@uvicorn:pool=off", at_once(QUERY_MS + 50), {**slow, "vendor": "sqlite"})
    named = causes(report_of([file, closing(40)], 40))
    assert [cause["name"] for cause in named] == ["waiting-in-app"]
    computing = lane("async@uvicorn:pool=off", busy(20), slow, growth_per_request={"cpu": 20 * MS})
    named = causes(report_of([computing, closing(40)], 40))
    assert "waiting-for-connection" not in {cause["name"] for cause in named}


def test_a_pool_without_a_queue_is_no_cause() -> None:
    idle = facts(40, pool=pool_of(40, 0))
    slow = lane("async@uvicorn:pool=40", at_once(3 * QUERY_MS), idle)
    named = causes(report_of([slow, closing(40)], 40))
    assert [cause["name"] for cause in named] == ["waiting-in-app"]


def test_connections_left_open_are_named_beside_any_answer_and_warned_of() -> None:
    report = report_of([leaking(20), closing(20)], 20)
    named = causes(report)
    assert [cause["name"] for cause in named] == ["no-difference", "connections-leak"]
    assert named[1]["evidence"]["leaked"] == 17
    (warning,) = report["warnings"]
    assert warning == (
        "async@uvicorn:conn_max_age=60: 17 connections to the database 'default' were still open"
        " after a firing, and nothing will use them again (20 opened for 20 requests). CONN_MAX_AGE"
        " keeps a connection open for its thread, and under ASGI that ends with the request; then"
        " only the garbage collector closes it. Set CONN_MAX_AGE to 0, or use a pool."
    )
    assert "left 17 database connections open after a firing" in report["verdict"]["sentence"]
    check(report)


def test_a_single_lane_has_the_warning_and_one_connection_is_none() -> None:
    assert len(report_of([leaking(20)], 20)["warnings"]) == 1
    single = lane("async@uvicorn", at_once(QUERY_MS), facts(20, left_open=1, leaked=1))
    assert report_of([single], 20)["warnings"] == []


def test_where_django_was_to_close_them_the_advice_is_on_threads() -> None:
    (warning,) = report_of([leaking(20, max_age_s=0)], 20)["warnings"]
    assert "close_old_connections" in warning
    assert "CONN_MAX_AGE" not in warning


def test_a_pool_for_each_request_is_advised_with_the_total_time() -> None:
    (piece,) = advice_on(situation([pooled(40), closing(40)], 40))
    assert piece["cause"] == "waiting-for-connection"
    assert piece["fires"] == "async@uvicorn:pool=40"
    assert piece["text"] == "Enlarge the pool: 40 connections instead of 4."
    assert piece["prediction"]
    assert piece["prediction"]["value"] == pytest.approx(0.12, rel=0.1)
    assert "max_connections" in (piece["unsafe"] or "")


def test_leaks_are_advised_to_be_closed_or_pooled_with_none_left() -> None:
    pieces = advice_on(situation([leaking(40), closing(40)], 40))
    fired = [piece["fires"] for piece in pieces]
    assert fired[0] == "async@uvicorn:conn_max_age=0"
    assert pieces[0]["prediction"]
    assert prediction_text(pieces[0]["prediction"]).startswith(
        "Predicted number of connections left open: at most 0. "
    )
    assert [piece["cause"] for piece in pieces] == ["connections-leak"] * 2
    (piece,) = advice_on(situation([leaking(40, max_age_s=0), closing(40)], 40))
    assert piece["fires"] is None
