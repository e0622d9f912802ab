"""Two X-rays side by side: lanes that leave middleware out, and what such an experiment showed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from dashboard.analysis.xray.trace import Xray
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.xray.pair import XrayPair, experiment_without, lane_without
from dashboard.runs.xray.traced_request import XrayResult, make_subject, read_result
from dashboard.targets.trace import TracedRequest
from dashboard.wire.plan.plan import Lane
from tests.analysis.xray.chains import SESSIONS, async_lane, sync_lane
from tests.analysis.xray.test_trace import REQUEST, gathered, trace_of
from tests.targets.helpers import LIVEAPP

LANE = "async-default@uvicorn"
WITHOUT = f"{LANE}:without=SessionMiddleware"


def xrayed(lane: str, xray: Xray, status: int = 200) -> XrayResult:
    """A result of the built-in project, without having asked it."""
    subject = make_subject(
        load_manifest(LIVEAPP), scenario="middleware", lane=lane, parameters={}, timeout_s=30
    )
    traced = TracedRequest(trace_of(REQUEST, asgiref="3.13.0"), status, {}, 5)
    return XrayResult(subject, traced, xray, other_lengths_ns=(xray.length_ns,) * 4)


@pytest.mark.parametrize(
    ("lane", "expected"),
    [
        ("a@daphne", "a@daphne:without=B"),
        ("a@uvicorn:loop=asyncio", "a@uvicorn:loop=asyncio,without=B"),
        ("a@uvicorn:without=A,loop=asyncio", "a@uvicorn:loop=asyncio,without=A,without=B"),
        ("a@daphne:without=B", "a@daphne:without=B"),
        ("a@daphne#before", "a@daphne:without=B#before"),
    ],
)
def test_a_lane_without_a_middleware_is_a_setting_more(lane: str, expected: str) -> None:
    assert str(lane_without(Lane.parse(lane), ["B"])) == expected


@pytest.mark.parametrize(
    ("first", "second", "left_out"),
    [
        (LANE, WITHOUT, ("SessionMiddleware",)),
        (WITHOUT, f"{WITHOUT},without=other", ("other",)),
        (WITHOUT, LANE, ()),  # it has one more
        (LANE, f"{LANE}:loop=asyncio,without=SessionMiddleware", ()),  # the loop is another, too
        (LANE, "async-none@uvicorn:without=SessionMiddleware", ()),
        (LANE, "async-default@daphne", ()),
    ],
)
def test_an_experiment_differs_in_nothing_but_what_it_leaves_out(
    first: str, second: str, left_out: tuple[str, ...]
) -> None:
    pair = XrayPair(xrayed(first, sync_lane()), xrayed(second, sync_lane()))
    assert pair.left_out == left_out


def test_the_statuses_are_compared() -> None:
    first = xrayed(LANE, async_lane())
    pair = XrayPair(first, xrayed(WITHOUT, sync_lane()))
    assert pair.outcome == "−2 hops, −1 thread, −4 ms, still 200"
    assert pair.warnings == []
    failed = XrayPair(first, xrayed(WITHOUT, sync_lane(), 500))
    assert failed.outcome == "−2 hops, −1 thread, 500 instead of 200"
    assert failed.warnings == ["The responses differ: 200 and 500. So does what was done for them."]


def test_a_machine_that_became_slower_is_not_taken_for_a_slower_lane() -> None:
    """The first lane is traced once more after the second: it must be the faster one then, too."""
    first, second = xrayed(LANE, sync_lane()), xrayed(WITHOUT, async_lane())
    assert XrayPair(first, second).difference.time_differs
    assert XrayPair(first, second, xrayed(LANE, sync_lane())).difference.time_differs
    slower = replace(first, xray=async_lane())  # as slow as the second
    pair = XrayPair(first, second, slower)
    assert not pair.difference.time_differs
    assert pair.outcome == "+2 hops, +1 thread, time alike, still 200"
    assert pair.to_json()["difference"]["n"] == [10, 5]
    assert pair.warnings == [f"{LANE} was traced twice, with 0 and 2 hops: it varies by itself."]


def test_the_last_experiment_without_a_middleware_is_found() -> None:
    first = xrayed(LANE, async_lane())
    pairs = {
        name: XrayPair(first, xrayed(f"{LANE}:{settings}", sync_lane()))
        for name, settings in (
            ("whole path", f"without={SESSIONS}"),
            ("end", "without=SessionMiddleware"),
            ("two", "without=SessionMiddleware,without=CommonMiddleware"),
            ("another", "without=CommonMiddleware"),
            ("no experiment", "loop=asyncio"),
        )
    }
    assert experiment_without(SESSIONS, pairs) == "end"
    assert experiment_without("own.Session", pairs) == ""


def test_the_json_has_both_and_the_difference() -> None:
    pair = XrayPair(xrayed(LANE, async_lane()), xrayed(WITHOUT, sync_lane(), 500))
    result: dict[str, Any] = json.loads(json.dumps(pair.to_json()))
    assert (result["first"]["lane"], result["second"]["lane"]) == (LANE, WITHOUT)
    difference = result["difference"]
    assert (difference["hops"], difference["threads_started"]) == (-2, -1)
    assert (difference["left_out"], difference["statuses"]) == (["SessionMiddleware"], [200, 500])
    assert difference["sentence"].startswith(f"{WITHOUT} against {LANE}: −2 hops")


def test_the_command_fires_at_both_lanes() -> None:
    pair = XrayPair(xrayed(LANE, async_lane()), xrayed(WITHOUT, sync_lane()))
    assert pair.burst.endswith(f" burst middleware --lane {LANE} --lane {WITHOUT}")


def test_of_the_slower_requests_only_the_numbers_are_kept() -> None:
    slower = trace_of(("request", None, 11, 0, 120), *gathered(2, 20), asgiref="3.13.0")
    traced = TracedRequest(
        trace_of(REQUEST, *gathered(2, 20), asgiref="3.13.0"), 200, {}, 2, others=[slower]
    )
    result = read_result(xrayed(LANE, sync_lane()).subject, traced)
    assert result.to_json()["lengths_ms"] == [100, 120]
    assert result.to_json()["middleware"] == []
    assert result.traced.others == ()
