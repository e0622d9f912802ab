"""A small share of `python -m bench.bad_inputs`, at every door."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.bad_inputs import (
    ALONE,
    OF_A_DASHBOARD,
    SHARES,
    Batch,
    batches_in,
    changes,
    opened,
    perform,
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


def test_every_door_has_its_share() -> None:
    assert set(SHARES) == {*ALONE, *OF_A_DASHBOARD}
    assert sum(SHARES.values()) == pytest.approx(1)


def test_what_is_in_the_results_is_not_repeated(tmp_path: Path) -> None:
    every = list(todo(10_000, list(SHARES), set(), 500))
    assert len(every) == 20
    assert list(todo(10_000, list(SHARES), set(every[:7]), 500)) == every[7:]
    results = tmp_path / "results.jsonl"
    assert batches_in(results) == []
    results.write_text('{"door": "http", "number": 0, "inputs": 2, "answers": {"404": 2}}\n')
    assert batches_in(results) == [Batch("http", 0, 2, {"404": 2})]
    assert "| http | 2 | 404: 2 | 0 |" in table(batches_in(results))
