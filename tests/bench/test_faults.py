"""A handful of the strikes of `python -m bench.faults`, and that none is repeated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.faults import cases, done_in
from bench.strike import SIGNALS, VICTIMS, Case, strike
from tests.prepared_home import prepare


@pytest.mark.servers
@pytest.mark.parametrize(
    "case",
    [
        Case("guard", "KILL", 0),
        Case("companion", "KILL", 0),
        Case("engine", "STOP", 0),
        Case("dashboard", "KILL", 0),
    ],
    ids=lambda case: case.name,
)
def test_a_strike_leaves_nothing(case: Case, tmp_path: Path) -> None:
    prepare(tmp_path)
    assert strike(case, tmp_path).faults == []


def test_each_kind_comes_once_before_any_comes_twice(tmp_path: Path) -> None:
    every = list(cases(range(2), list(VICTIMS), list(SIGNALS)))
    kinds = len(VICTIMS) * len(SIGNALS)
    assert len({case.name for case in every}) == 2 * kinds
    assert {case.seed for case in every[:kinds]} == {0}


def test_what_is_in_the_results_is_done(tmp_path: Path) -> None:
    results = tmp_path / "faults.jsonl"
    assert done_in(results) == set()
    results.write_text("".join(json.dumps({"case": f"guard-KILL-{n}"}) + "\n" for n in (0, 1)))
    assert done_in(results) == {"guard-KILL-0", "guard-KILL-1"}
