"""When the engine or the host disturbed a run, and the warnings about it."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard.runs.reports.instrument import (
    Reading,
    busy_machine_warning,
    is_late,
    saturation,
    total_steal_percent,
    why_discarded,
)
from dashboard.wire.events import EngineFired
from dashboard.wire.units import NS_PER_MS as MS

NAMES = ["sync@daphne", "async@daphne"]
FINE: EngineFired = {
    "event": "fired",
    "wall_ns": 1000 * MS,
    "cpu_ns": 900 * MS,
    "loop_lag_p99_ns": 10 * MS,
    "scheduling_error_p99_ns": 5 * MS,
}
P50_MS = dict.fromkeys(range(1, 50), 100.0)  # of which a tenth is the lag that is allowed


def reading(lane: int = 0, round: int = 1, **changes: Any) -> Reading:
    fired: Any = {**FINE, **changes}
    return Reading.of(lane, round, fired, None, None)


def test_a_value_at_its_limit_does_not_disturb() -> None:
    assert saturation([reading()], NAMES, P50_MS) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"loop_lag_p99_ns": 12 * MS}, "ran 12 ms late (p99)"),
        ({"cpu_ns": 960 * MS}, "used 96% of its core"),
        ({"scheduling_error_p99_ns": 7 * MS}, "sent requests 7 ms late (p99)"),
    ],
)
def test_beyond_a_limit_the_worst_firing_is_named(changes: dict[str, int], words: str) -> None:
    fine = [reading(0, 1), reading(1, 1), reading(0, 2), reading(1, 3)]
    (message,) = saturation([*fine, reading(1, 2, **changes)], NAMES, P50_MS)
    assert message.startswith(f"The load generator {words} at async@daphne, round 2; above ")
    assert message.endswith(" the result is disturbed.")


def test_the_limit_of_a_firing_is_from_the_median_of_its_round() -> None:
    lag_ms = 12
    both = [reading(0, number, loop_lag_p99_ns=lag_ms * MS) for number in (1, 2)]
    assert [is_late(reading, p50_ms) for reading in both for p50_ms in (100.0, 200.0, None)] == [
        True, False, False, True, False, False
    ]  # fmt: skip
    (message,) = saturation(both, NAMES, {1: 200.0, 2: 100.0})
    assert "ran 12 ms late (p99) at sync@daphne, round 2; above 10 ms" in message
    assert saturation(both, NAMES, {1: 200.0, 2: 150.0}) == []


@pytest.mark.parametrize("changes", [{}, {"cpu_ns": 960 * MS}, {"loop_lag_p99_ns": 12 * MS}])
def test_a_round_is_repeated_by_the_same_limits_that_disturb_a_run(changes: dict[str, int]) -> None:
    late = reading(**changes)
    assert is_late(late, P50_MS[1]) == bool(saturation([late], NAMES, P50_MS)) == bool(changes)


def test_stolen_time_explains_a_late_engine() -> None:
    late = reading(cpu_ns=960 * MS)
    stolen = Reading(0, 1, cpu_before=(50, 5000), cpu_after=(60, 5010))
    assert why_discarded([reading(), late]) == "late"
    assert why_discarded([late, stolen]) == "stolen"


def test_each_exceeded_limit_is_reported_once() -> None:
    busy = [reading(0, number, cpu_ns=(900 + number) * MS) for number in range(1, 50)]
    late = reading(1, 7, scheduling_error_p99_ns=7 * MS)
    (message,) = saturation([*busy, late], NAMES, P50_MS)
    assert message.count(" round ") == 2
    assert "used 95% of its core at sync@daphne, round 49" in message
    assert ". It sent requests 7 ms late (p99) at async@daphne, round 7" in message


def test_unknown_values_exceed_no_limit() -> None:
    silent = Reading.of(0, 1, {"event": "fired", "wall_ns": 0, "cpu_ns": 10}, None, None)
    assert saturation([silent], NAMES, P50_MS) == []
    assert saturation([reading(loop_lag_p99_ns=10**12)], NAMES, {1: None}) == []
    assert saturation([], NAMES, P50_MS) == []


@pytest.mark.parametrize(
    ("stolen_ticks", "of_ticks", "percent", "is_stolen"),
    [
        (0, 100, 0.0, False),
        (2, 100, 2.0, False),
        (3, 100, 3.0, True),
        (1, 10, 10.0, False),  # one tick is the kernel's resolution
        (2, 10, 20.0, True),
        (0, 0, None, False),
    ],
)
def test_more_than_two_percent_stolen_repeats_the_round(
    stolen_ticks: int, of_ticks: int, percent: float | None, is_stolen: bool
) -> None:
    taken = Reading(0, 1, cpu_before=(50, 5000), cpu_after=(50 + stolen_ticks, 5000 + of_ticks))
    assert taken.steal_percent == (None if percent is None else pytest.approx(percent))
    assert taken.stolen is is_stolen


def test_without_kernel_counters_nothing_was_stolen() -> None:
    assert not reading().stolen
    assert reading().steal_percent is None
    assert total_steal_percent([reading()]) is None


def test_stolen_time_is_a_share_of_all_firings_together() -> None:
    quiet = Reading(0, 1, cpu_before=(0, 0), cpu_after=(0, 300))
    stolen = Reading(1, 1, cpu_before=(0, 300), cpu_after=(4, 400))
    assert total_steal_percent([quiet, stolen, reading()]) == pytest.approx(1.0)


def test_a_reading_survives_json() -> None:
    taken = Reading.of(1, 2, FINE, (1, 2), None)
    assert Reading.from_json(taken.to_json()) == taken
    # As the database gives it back: tuples have become lists.
    assert Reading.from_json({**taken.to_json(), "cpu_before": [1, 2]}) == taken


def test_a_busy_machine_is_a_warning() -> None:
    assert busy_machine_warning({"cpus": 2, "load_average": [2.0, 9.0, 9.0]}) == []
    (message,) = busy_machine_warning({"cpus": 2, "load_average": [2.1, 0.0, 0.0]})
    assert "2.1 on 2 CPUs" in message
    assert busy_machine_warning({}) == []
