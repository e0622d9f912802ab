"""Advice with a real project: every lane that it names can be fired."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.advice.advice import MOST, advice_on
from dashboard.project.servers.catalogue import SERVERS
from dashboard.project.servers.settings import resolve
from dashboard.runs.advice.situation import situation_of
from dashboard.runs.advice.testing import plan_of_test
from dashboard.runs.planning.plans import make_plan
from dashboard.wire.plan.plan import Lane, Plan
from tests.analysis.causes import test_causes as planted
from tests.analysis.causes.test_connection_causes import leaking, pooled
from tests.analysis.planted import Planted, report_of
from tests.runs.fakes import _liveapp

PROJECT = _liveapp()
# A scenario, a planted lane, and names for it that are real lanes of that scenario.
SLOW: dict[str, tuple[str, Planted, tuple[str, ...]]] = {
    "threads-busy": (
        "sleep",
        planted.THREADS,
        (
            *("sync@gunicorn-gthread", "async@gunicorn-gthread:processes=2"),
            *("sync@waitress:threads=8", "sync@gunicorn-gthread:without=Session,without=Message"),
        ),
    ),
    "one-at-a-time": ("sleep", planted.ONE, ("sync@gunicorn-sync", "async@gunicorn-sync")),
    "loop-blocked": (
        "sleep",
        planted.BLOCKED,
        ("async-blocking@uvicorn", "async-blocking@daphne", "async-blocking@uvicorn:processes=2"),
    ),
    "executor-full": (
        "mixed",
        planted.EXECUTOR,
        ("bridged-threads@uvicorn", "bridged-threads@daphne"),
    ),
    "serialised": ("mixed", planted.SERIALISED, ("gather-bridged@uvicorn", "bridged@daphne")),
    "cpu-bound": ("cpu", planted.CPU, ("async-naive@uvicorn", "sync@gunicorn-gthread")),
    "thread-cost": ("sleep", planted.THREAD_COST, ("sync@daphne", "sync@uvicorn")),
    "waiting-for-connection": (
        "orm-slow",
        pooled(20),
        (
            "async@uvicorn:pool=4",
            "async@uvicorn:processes=2,pool=2",
            "sync@gunicorn-gthread:pool=4",
        ),
    ),
    "connections-leak": (
        "orm-slow",
        leaking(20),
        ("async@uvicorn:conn_max_age=60", "async@daphne", "sync@uvicorn:processes=4"),
    ),
}
FAST = {
    "sleep": "async@hypercorn",
    "mixed": "bridged@hypercorn",
    "cpu": "process-pool@hypercorn",
    "orm-slow": "async@hypercorn",
}


def run_of(cause: str, name: str, requests: int) -> tuple[Plan, dict[str, Any]]:
    """Return the plan and the report of a run whose slow lane has this name and cause."""
    scenario, slow, _ = SLOW[cause]
    lanes = [Planted(**{**vars(slow), "name": name}), planted.free(name=FAST[scenario])]
    plan = make_plan(
        PROJECT,
        scenario=scenario,
        lanes=[lane.name for lane in lanes],
        requests=requests,
        rounds=3,
        seed=1,
    )
    return plan, report_of(lanes, requests, rounds=3)


@st.composite
def runs(draw: st.DrawFn) -> tuple[Plan, dict[str, Any]]:
    cause = draw(st.sampled_from(sorted(SLOW)))
    name = draw(st.sampled_from(SLOW[cause][2]))
    plan, report = run_of(cause, name, draw(st.integers(2, 60)))
    bystander_ms = draw(st.none() | st.floats(0.1, 5000))
    report["environment"] = {"cpus": draw(st.integers(1, 64))}
    for lane in report["lanes"]:
        cores = draw(st.integers(0, 8))
        lane["target"] = {"cores": list(range(cores))}
        lane["neighbour"] = bystander_ms and {"latency_ms": {"p50": bystander_ms}}
    return plan, report


@given(runs())
def test_whatever_was_measured_the_advice_can_be_fired_and_refuted(
    run: tuple[Plan, dict[str, Any]],
) -> None:
    plan, report = run
    situation = situation_of(PROJECT, plan, report)  # type: ignore[arg-type]
    assert situation
    pieces = advice_on(situation)
    assert len(pieces) <= MOST
    for piece in pieces:
        assert piece["lane"] in {str(lane) for lane in plan.lanes}
        if piece["fires"] is None:
            assert piece["untested"]
            continue
        assert piece["prediction"]
        lane = Lane.parse(piece["fires"])
        assert lane not in plan.lanes
        resolve(SERVERS, lane.server)  # raises for a setting that the server does not have
        PROJECT.check(plan_of_test(plan, piece))


def test_servers_of_the_run_and_the_scenario_are_preferred() -> None:
    plan, report = run_of("one-at-a-time", "sync@gunicorn-sync", 20)
    situation = situation_of(PROJECT, plan, report)  # type: ignore[arg-type]
    assert situation
    names = [server.name for server in situation.others]
    assert names[:4] == ["gunicorn-sync", "hypercorn", "gunicorn-gthread", "daphne"]
    assert set(names) == set(PROJECT.servers)
    fired = [piece["fires"] for piece in advice_on(situation)]
    assert fired[:2] == ["sync@gunicorn-gthread:threads=20", "sync@hypercorn"]


def test_a_scenario_that_is_gone_has_no_situation() -> None:
    plan, report = run_of("one-at-a-time", "sync@gunicorn-sync", 20)
    gone = Plan(**{**vars(plan), "scenario": "gone"})
    assert situation_of(PROJECT, gone, report) is None  # type: ignore[arg-type]


def test_lanes_with_a_version_of_the_code_get_no_advice() -> None:
    plan, report = run_of("threads-busy", "sync@gunicorn-gthread", 20)
    before = Lane("sync", "gunicorn-gthread#before")
    report["lanes"][0] |= {"lane": str(before), "server": before.server}
    for cause in report["verdict"]["comparisons"][0]["causes"]:
        cause["lane"] = str(before)
    versions = Plan(**{**vars(plan), "lanes": (before, plan.lanes[1])})
    situation = situation_of(PROJECT, versions, report)  # type: ignore[arg-type]
    assert situation
    assert advice_on(situation) == []
