"""A handful of the strikes of `python -m bench.faults`, and that none is repeated."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.faults import cases, perform, results_in, table
from bench.strikes.case import SIGNALS, STARTERS, VICTIMS, Case, Result

STRIKES = [
    Case("guard", "KILL", 0),
    Case("companion", "KILL", 0),
    Case("engine", "STOP", 0),
    Case("dashboard", "KILL", 0),
]


@pytest.mark.servers
def test_strikes_side_by_side_leave_nothing(tmp_path: Path) -> None:
    results = list(perform(STRIKES, jobs=2, until_s=math.inf, directory=tmp_path))
    assert [result for result in results if result.faults] == []
    struck = {result.case: result for result in results if result.case != "end"}
    assert set(struck) == {case.name for case in STRIKES}
    assert all(result.status for result in struck.values())


def test_each_kind_comes_once_before_any_comes_twice() -> None:
    every = list(cases(range(2), list(VICTIMS), list(SIGNALS)))
    kinds = len(VICTIMS) * len(SIGNALS)
    assert len({case.name for case in every}) == 2 * kinds
    assert {case.seed for case in every[:kinds]} == {0}


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_seed_decides_the_moment(victim: str) -> None:
    moments = [Case(victim, "KILL", seed).moment for seed in range(100)]
    assert moments == [Case(victim, "KILL", seed).moment for seed in range(100)]
    starters = {moment.starter for moment in moments}
    assert starters == ({victim} if victim in STARTERS else set(STARTERS))
    assert {moment.stage for moment in moments} >= {"starting", "running", "late"}


def test_the_last_result_of_a_case_counts(tmp_path: Path) -> None:
    results = tmp_path / "faults.jsonl"
    assert results_in(results) == {}
    first = Result("guard-KILL-0", "terminal", "late", faults=["a port is left"])
    again = Result("guard-KILL-0", "terminal", "late", status="failed", gone_s=0.31)
    other = Result("guard-KILL-1", "dashboard", "warm", status="finished", gone_s=0.12)
    lines = [json.dumps(asdict(result)) for result in (first, other, again)]
    results.write_text("\n".join(lines) + "\n")
    assert results_in(results) == {"guard-KILL-0": again, "guard-KILL-1": other}
    row = "| guard | KILL | 2 | failed: 1, finished: 1 | 0.3 | 0 |"
    assert row in table([again, other])
