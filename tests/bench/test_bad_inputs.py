"""A small share of `python -m bench.bad_inputs`, at every door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.bad_inputs import (
    ALONE,
    OF_A_DASHBOARD,
    SHARES,
    SLOWEST_FIRST,
    Batch,
    Shift,
    batches_in,
    changes,
    opened,
    perform,
    perform_all,
    shifts,
    table,
    todo,
)
from bench.doors.dashboard import Dashboard, dashboard

INPUTS = 40


@pytest.fixture(scope="module")
def place() -> Iterator[Dashboard]:
    with dashboard() as started:
        yield started


@pytest.mark.servers
@pytest.mark.parametrize("name", OF_A_DASHBOARD)
def test_bad_inputs_leave_a_dashboard_as_it_was(name: str, place: Dashboard) -> None:
    before, started = place.footprint, place.started()
    with opened(name, place) as door:
        batch = perform(name, door, 0, INPUTS)
    assert batch.faults == []
    assert batch.inputs >= INPUTS // 2
    assert changes(place, before, started) == []


@pytest.mark.servers
def test_afterwards_a_run_works(place: Dashboard) -> None:
    assert place.fire() != place.run


@pytest.mark.processes
@pytest.mark.parametrize("name", ALONE)
def test_bad_inputs_are_refused(name: str) -> None:
    with opened(name, None) as door:
        batch = perform(name, door, 0, INPUTS)
    assert batch.faults == []
    assert batch.inputs >= INPUTS // 2


@pytest.mark.processes
def test_shifts_are_performed_side_by_side(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    work = [Shift("lab.toml", [number], INPUTS // 2, results) for number in range(2)]
    assert perform_all(work, jobs=2) == 0
    batches = batches_in(results)
    assert sorted(batch.number for batch in batches) == [0, 1]
    assert all(batch.inputs >= INPUTS // 4 for batch in batches)


def test_no_batch_begins_after_the_time(tmp_path: Path) -> None:
    results = tmp_path / "results.jsonl"
    assert Shift("lab.toml", [0], INPUTS, results, until_s=0.0).perform() == 0
    assert batches_in(results) == []


def test_every_batch_is_in_one_shift(tmp_path: Path) -> None:
    every = list(todo(100_000, list(SHARES), set(), 500))
    made = shifts(every, 500, tmp_path)
    assert sorted((shift.door, number) for shift in made for number in shift.numbers) == sorted(
        every
    )
    assert max(len(shift.numbers) for shift in made) <= 10


def test_every_door_has_its_share() -> None:
    assert set(SHARES) == {*ALONE, *OF_A_DASHBOARD} == set(SLOWEST_FIRST)
    assert sum(SHARES.values()) == pytest.approx(1)


def test_what_is_in_the_results_is_not_repeated(tmp_path: Path) -> None:
    every = list(todo(10_000, list(SHARES), set(), 500))
    assert len(every) == 20
    assert list(todo(10_000, list(SHARES), set(every[:7]), 500)) == every[7:]
    results = tmp_path / "results.jsonl"
    assert batches_in(results) == []
    first, again = (
        '{"door": "http", "number": 0, "inputs": 1}\n',
        ('{"door": "http", "number": 0, "inputs": 2, "answers": {"404": 2}}\n'),
    )
    results.write_text(first + again)
    assert batches_in(results) == [Batch("http", 0, 2, {"404": 2})]
    left = Batch("http", -1, growth={"memory_mib": 3.2, "descriptors": 0, "threads": 0})
    assert "| http | 2 | 404: 2 | +3 | 0 |" in table([*batches_in(results), left])
