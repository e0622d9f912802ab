"""Whatever the kernel's ticks are, a lane and the others on its cores share one capacity."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.analysis.lane.config import LaneConfig
from dashboard.analysis.lane.cpu_share import CpuShare, Window, cpu_share_of
from dashboard.analysis.samples.resource_use import Amount
from dashboard.analysis.text.causes.shared_limit import shared_limit_sentence
from dashboard.analysis.text.numbers import times_at_most
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.planted import Planted, at_once, busy, report_of

SECONDS = st.floats(0, 100)
WINDOWS = st.builds(
    Window,
    firings=st.integers(1, 20),
    wall_s=st.floats(0.001, 100),
    usable_cores=st.integers(1, 4),
    cores=st.integers(1, 4),
    busy_s=st.none() | SECONDS,
    cores_s=st.none() | SECONDS,
)
AMOUNTS = st.builds(Amount, SECONDS, SECONDS | st.just(math.inf))


def share_of(spent_s: float, window: Window) -> CpuShare:
    share = cpu_share_of(Amount(spent_s), Amount(spent_s), window)
    assert share is not None
    return share


@given(AMOUNTS, AMOUNTS, WINDOWS)
def test_shares_are_shares_whatever_was_read(spent: Amount, whole: Amount, window: Window) -> None:
    share = cpu_share_of(spent, whole, window)
    if share is None:
        assert window.wall_s < 0.1
        return
    assert 0 <= share.own <= share.corrected <= 1
    assert 0 <= share.least_own <= share.least <= share.corrected
    assert 0 <= share.least_taken <= (share.taken or 0) <= share.most_taken <= 1 - share.own


ONE_CORE = Window(1, 1.0, 1, 1, 1.0, 1.0)


@pytest.mark.parametrize(
    ("window", "least_taken"),
    [
        (ONE_CORE, 0.49),  # a tick less than was counted
        (replace(ONE_CORE, firings=5), 0.45),
        (replace(ONE_CORE, cores_s=1.3, busy_s=1.3), 0.49),
        (replace(ONE_CORE, cores_s=1.5, busy_s=1.0), 0.0),  # they may have run outside
        (replace(ONE_CORE, cores=2, cores_s=2.0, busy_s=1.5), 0.0),  # or on the free core
        (replace(ONE_CORE, firings=20), 0.0),  # 50 ms each: too short for ticks
    ],
)
def test_others_took_at_least_what_cannot_have_been_elsewhere(
    window: Window, least_taken: float
) -> None:
    assert share_of(0.5, window).least_taken == pytest.approx(least_taken)


def test_the_cpu_of_others_is_unknown_if_it_was_not_read_or_too_short() -> None:
    for window in (replace(ONE_CORE, busy_s=None), replace(ONE_CORE, firings=20)):
        share = share_of(0.5, window)
        assert (share.taken, share.corrected) == (None, 0.5)


@given(st.floats(1, 1e6))
def test_a_bound_is_never_rounded_down(ratio: float) -> None:
    assert ratio * (1 - 1e-9) <= float(times_at_most(ratio)) < 1.1 * ratio


def alike(cpu_ms: float, requests: int, rounds: int, **config: Any) -> Any:
    lanes = [
        Planted(
            name,
            busy(50),
            config=LaneConfig(cores=1, **config),
            health={"peak_in_app": 8, "peak_in_view": 8},
            growth_per_request={"cpu": int(cpu_ms * MS)},
        )
        for name in ("sync@daphne", "async@daphne")
    ]
    return dict(report_of(lanes, requests, rounds)["verdict"]["absolute"])


@pytest.mark.parametrize("cpu_ms", [20, 26, 31, 37, 43, 45, 49])
@pytest.mark.parametrize("busy_s", [None, 4.0, 12.0, 60.0])
def test_no_smaller_speed_up_is_said_to_be_possible_than_its_own_numbers_give(
    cpu_ms: float, busy_s: float | None
) -> None:
    absolute = alike(cpu_ms, 40, 6, busy_s=busy_s, cores_s=12.0)
    possible = max(lane["time_s"] / lane["cpu_alone_s"] for lane in absolute["lanes"])
    sentence = shared_limit_sentence(absolute)
    if "× faster" in sentence:
        assert float(sentence.split("more than ")[1].split("×")[0]) >= possible
    else:
        assert possible < 1.05 or absolute["name"] not in {"cpu-bound", "mostly-cpu"}


@pytest.mark.parametrize(("requests", "rounds"), [(1, 6), (2, 6), (6, 3)])
def test_a_tiny_run_allows_no_conclusion(requests: int, rounds: int) -> None:
    assert alike(49, requests, rounds)["name"] in {"unknown", "light-load"}


def test_work_that_waits_is_named_beside_a_noisy_reading_of_others() -> None:
    """Views of 52 ms and 13 ms with little CPU; other processes ran around the firings."""

    def lane(name: str, view_ms: float) -> Planted:
        return Planted(
            name,
            at_once(view_ms),
            config=LaneConfig(cores=1, busy_s=1.0, cores_s=1.2),
            health={"peak_in_app": 10, "peak_in_view": 10},
            growth_per_request={"cpu": 2 * MS},
        )

    report = report_of([lane("sync@daphne", 52), lane("async@daphne", 13)], 10)
    names = [cause["name"] for cause in report["verdict"]["comparisons"][0]["causes"]]
    assert names == ["waiting-in-app"]
