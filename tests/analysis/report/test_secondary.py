"""Between two versions of a lane, what differs more than the time is named with its numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dashboard.analysis.lane.config import LaneConfig
from dashboard.wire.failure import Failure
from dashboard.wire.units import BYTES_PER_MIB as MB
from dashboard.wire.units import NS_PER_MS as MS
from tests.analysis.planted import Planted, Stamps, at_once, report_of


def version(
    name: str, view_ms: float, rss_mb: int, cpu_ms: float = 2.0, queries: int | None = None
) -> Planted:
    return Planted(
        f"sync@daphne#{name}",
        at_once(view_ms),
        config=LaneConfig(cores=1, queries=queries),
        health={"peak_in_app": 20, "peak_in_view": 20, "rss": rss_mb * MB, "threads": 12},
        growth_per_request={"cpu": int(cpu_ms * MS)},
    )


def verdict_of(*lanes: Planted, rounds: int = 6) -> dict[str, Any]:
    return dict(report_of(list(lanes), 20, rounds)["verdict"])


def test_memory_that_fell_is_named_where_the_time_stayed() -> None:
    verdict = verdict_of(version("before", 100, 222), version("after", 101, 122))
    (difference,) = verdict["secondary"]
    assert (difference["metric"], difference["values"]) == ("peak_rss_mb", [222, 122])
    assert (
        "sync@daphne#after compared with sync@daphne#before: 222 → 122 MiB of memory"
        " (single values, not tested)." in verdict["sentence"]
    )


def test_several_stand_in_one_sentence() -> None:
    verdict = verdict_of(
        version("before", 100, 222, cpu_ms=4.0, queries=31),
        version("after", 90, 122, cpu_ms=2.0, queries=2),
    )
    assert (
        "222 → 122 MiB of memory, 4 ms → 2 ms of CPU per request, 31 → 2 queries per request"
        in verdict["sentence"]
    )


def test_what_differs_less_than_the_time_is_not() -> None:
    verdict = verdict_of(version("before", 300, 222), version("after", 100, 122))
    assert verdict["secondary"] == []
    assert "compared with" not in verdict["sentence"]


@pytest.mark.parametrize("failing", ["before", "after"])
def test_what_a_failing_lane_costs_is_not_compared(failing: str) -> None:
    lanes = [version("before", 100, 222, cpu_ms=4.0), version("after", 100, 122, cpu_ms=2.0)]
    assert len(verdict_of(*lanes)["secondary"]) == 2
    lanes = [replace(lane, model=all_failed) if failing in lane.name else lane for lane in lanes]
    verdict = verdict_of(*lanes)
    assert verdict["secondary"] == []
    assert "Requests failed" in verdict["sentence"]


def all_failed(requests: int) -> list[Stamps]:
    return [replace(stamps, error=Failure.STATUS) for stamps in at_once(100)(requests)]


def test_nor_what_hardly_differs() -> None:
    assert not verdict_of(version("before", 100, 222), version("after", 100, 210))["secondary"]


def test_only_versions_of_one_lane_are_held_beside_each_other() -> None:
    other = Planted("sync@gunicorn-gthread#after", at_once(100), health={"rss": 50 * MB})
    assert not verdict_of(version("before", 100, 222), other)["secondary"]
    unversioned = [
        Planted(name, at_once(100), health={"rss": size * MB})
        for name, size in (("sync@daphne", 222), ("async@daphne", 50))
    ]
    assert not verdict_of(*unversioned)["secondary"]
