"""A lane's resources do not include the bystander's part, and carry its uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.samples.resource_use import Amount, BystanderRequestCost
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.causes.test_causes import CPU, THREAD_COST, causes, free
from tests.analysis.planted import Planted, busy, report_of

BESIDE = 100  # requests of the bystander in each firing
REQUESTS = 20
COST = BystanderRequestCost(Amount(3 * MS, 0.3 * MS), Amount(26, 1), Amount(0))
# What these requests add to what is counted in the target's processes.
ADDED = {"cpu": BESIDE * 3 * MS, "switches": BESIDE * 26, "neighbour_requests": BESIDE}


def beside(lane: Planted, cost: BystanderRequestCost | None = COST) -> Planted:
    """Return the same lane with a bystander beside it."""
    return replace(lane, growth=ADDED, config=replace(lane.config, bystander_cost=cost))


def named(report: dict[str, Any]) -> set[str]:
    return {cause["name"] for cause in causes(report)}


def cpu_ms(report: dict[str, Any]) -> list[float]:
    return [lane["server_side"]["cpu_ms_per_request"] for lane in report["lanes"]]


def test_a_lane_used_the_same_with_and_without_a_bystander() -> None:
    lanes = [THREAD_COST, CPU]
    alone = report_of(lanes, REQUESTS)
    together = report_of([beside(lane) for lane in lanes], REQUESTS)
    assert cpu_ms(together) == pytest.approx(cpu_ms(alone))
    for with_one, without in zip(together["lanes"], alone["lanes"], strict=True):
        started = with_one["server_side"]["threads_started"]
        assert started == without["server_side"]["threads_started"]
        assert with_one["server_side"]["cpu_ms_per_request_uncertainty"] > 0
        assert without["server_side"]["cpu_ms_per_request_uncertainty"] == 0


def test_threads_that_a_server_starts_by_itself_go_by_what_was_measured() -> None:
    """`runserver` starts one for each connection, outside of requests."""
    cost = replace(COST, threads=Amount(1.0, 0.1))
    lane = replace(beside(free(), cost), growth={**ADDED, "threads_started": BESIDE})
    report = report_of([lane, free(name="other@daphne")], REQUESTS)
    assert report["lanes"][0]["server_side"]["threads_started"] == 0


# A lane that spends 1 ms a request, and the bystander's part is known to some 100 ms a firing.
LIGHT = free(5, name="light@daphne", model=busy(6), growth_per_request={"cpu": MS, "switches": 3})
OTHER = replace(LIGHT, name="other@daphne", model=busy(3))


@pytest.mark.parametrize("cost", [COST, None], ids=["measured", "not measured"])
def test_no_cause_rests_on_what_is_within_the_uncertainty(
    cost: BystanderRequestCost | None,
) -> None:
    """2 ms and 20 switches more a request, where the bystander's part is known to ± 5 and 40."""
    more = {"cpu": 3 * MS, "switches": 23}
    slow = replace(LIGHT, config=LaneConfig(cores=2), growth_per_request=more)
    fast = replace(OTHER, config=LaneConfig(cores=2), growth_per_request={"cpu": MS, "switches": 3})
    assert "thread-cost" in named(report_of([slow, fast], REQUESTS))
    together = report_of([beside(slow, cost), beside(fast, cost)], REQUESTS)
    assert not named(together) & {"thread-cost", "cpu-bound"}


def test_a_cause_that_is_beyond_it_is_named_still() -> None:
    fast = free(5, growth_per_request={"cpu": MS // 100, "switches": 2})
    many = 200  # so many requests that twenty of the bystander are few
    few = {name: value // 5 for name, value in ADDED.items()}
    slow, fast = (replace(beside(lane), growth=few) for lane in (CPU, fast))
    (cause, *_) = causes(report_of([slow, fast], many))
    assert cause["name"] == "cpu-bound"
    assert cause["evidence"]["cpu_ms_per_request"] == pytest.approx(20)
    assert cause["evidence"]["cpu_ms_per_request_uncertainty"] > 0


def test_the_share_of_the_bystander_is_reported() -> None:
    growth = {**ADDED, "neighbour_threads_started": 2 * BESIDE}
    lane = replace(beside(free()), growth=growth, bystander_requests=BESIDE)
    report = report_of([lane, free(name="other@daphne")], REQUESTS, 3)
    cost = report["lanes"][0]["neighbour"]["cost"]
    assert cost["cpu_ms"] == pytest.approx(3 * 300)
    assert cost["switches"] == pytest.approx(3 * 2600)
    assert cost["threads"] == 3 * 200
    # A tenth from the batches, and a fifth at least since a load is not beside it there.
    assert 0.3 * cost["cpu_ms"] <= cost["cpu_ms_uncertainty"] <= 0.6 * cost["cpu_ms"]


amounts = st.builds(Amount, st.floats(0, 1e6), st.floats(0, 1e6))


@given(amounts, amounts)
def test_only_one_of_two_is_beyond_the_other(first: Amount, second: Amount) -> None:
    more = first.beyond(second)
    assert more == -second.beyond(first)
    assert (
        not more
        or first.low > second.high
        or second.low > first.high
        or min(first.low, second.low) == 0
    )
    assert 0 <= first.low <= first.value <= first.high


def test_an_unmeasured_amount_is_never_beyond_another() -> None:
    unknown = Amount(5.0, math.inf)
    assert unknown.beyond(Amount(0)) == Amount(1e9).beyond(unknown) == unknown.low == 0
    assert unknown.known_uncertainty is None


def test_a_cost_is_stored_and_read() -> None:
    assert BystanderRequestCost.from_json(COST.to_json()) == COST
    assert BystanderRequestCost.from_json(None) is None
