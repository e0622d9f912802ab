"""What Stop cuts off is no failure: the last whole rounds decide, and the rest is said."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.analysis.markdown import markdown
from dashboard.management.terminal import result_notes, result_table
from dashboard.models import Experiment, Run, Status
from dashboard.runs.laboratory import Laboratory
from dashboard.runs.matrix import make_matrix
from dashboard.runs.matrix_table import matrix_answer
from dashboard.runs.planning import make_plan
from dashboard.runs.results import lanes_of, measured
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.frame import Buffer
from dashboard.wire.plan import Firing, Plan

from .fakes import CPU_NS, MS, ORIGIN_NS, WALL_NS, FakeEngine, FakeTargets, samples
from .test_laboratory import laboratory

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = FakeTargets().project
REQUESTS, ROUNDS, DONE = 40, 7, 9


def partly(requests: int, done: int) -> Mapping[str, Buffer]:
    """So many succeeded before Stop ended the others."""
    columns = {name: list(column) for name, column in samples(requests).items()}
    for row in range(done, requests):
        for name in ("entered", "view_entered", "view_left", "first_byte"):
            columns[name][row] = -1
        columns["done"][row] = 50 * MS
        columns["status"][row], columns["error"][row] = 0, Failure.ABORTED
    rows = [{name: column[row] for name, column in columns.items()} for row in range(requests)]
    return frame.rows_to_columns("samples", rows)


class StoppedEngine(FakeEngine):
    """Replays until the firing that is stopped: it hangs after `done` requests until Stop."""

    def __init__(self, round: int, turn: int, done: int, lanes: int) -> None:
        super().__init__()
        self.reached = asyncio.Event()
        self._at, self._turn, self._done, self._lanes = round, turn, done, lanes
        self._stopped = asyncio.Event()

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        earlier = sum(1 for one in self.fired if one.round == firing.round)
        if (firing.round, earlier) != (self._at, self._turn):
            async for data in super().fire(firing):
                yield data
            return
        self.fired.append(firing)
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        self.reached.set()
        await self._stopped.wait()
        columns = partly(firing.load.requests, self._done)
        yield frame.encode(
            "samples", columns=columns, lane=firing.lane, round=firing.round, origin_ns=ORIGIN_NS
        )
        yield frame.encode_event({"event": "fired", "wall_ns": WALL_NS, "cpu_ns": CPU_NS})

    def stop(self) -> None:
        self._stopped.set()


def plan(**other: Any) -> Plan:
    lanes = ["sync@gunicorn-gthread", "async@daphne"]
    asked: dict[str, Any] = {"lanes": lanes, "requests": REQUESTS, "rounds": ROUNDS, "seed": 3}
    return make_plan(PROJECT, scenario="sleep", **{**asked, **other})


async def stopped(lab: Laboratory, engine: StoppedEngine, asked: Plan) -> Run:
    run = await lab.start(asked)
    await asyncio.wait_for(engine.reached.wait(), 30)
    await lab.stop(run)
    assert (await lab.outcome(run)).status == Status.STOPPED
    return await Run.objects.aget(pk=run.pk)


TABLE = [
    # in round, at its first or second lane, answer
    (1, 0, "no-rounds"),
    (1, 1, "no-rounds"),
    (2, 0, "first-look"),
    (2, 1, "first-look"),
    (6, 0, "no-difference"),
    (6, 1, "no-difference"),
    (7, 1, "no-difference"),
]


@pytest.mark.parametrize(("round", "turn", "answer"), TABLE)
@pytest.mark.parametrize("done", [0, DONE])
async def test_the_last_whole_rounds_decide(
    tmp_path: Path, round: int, turn: int, answer: str, done: int
) -> None:
    engine = StoppedEngine(round, turn, done, 2)
    run = await stopped(laboratory(engine, tmp_path), engine, plan())
    report = run.report
    (comparison,) = report["verdict"]["comparisons"]
    assert comparison["answer"] == answer
    assert not comparison["causes"] or comparison["causes"][0]["name"] != "errors"
    whole = round - 1
    position = engine.fired[-1].lane
    for at, lane in enumerate(report["lanes"]):
        assert lane["errors"] == {}
        assert len(lane["makespan_s"]) == whole if whole else lane["ok"] == lane["requests"]
        assert lane["requests"] == lane["ok"]
        assert not whole or lane["ok"] == REQUESTS * whole
        assert lane["cut_off"] == (REQUESTS - done if at == position else 0)
    assert report["lanes"][position]["partial"] == {
        "rounds": [round], "done": done, "failed": 0, "cut_off": REQUESTS - done
    }  # fmt: skip
    assert measured(run) is bool(whole)


@pytest.mark.parametrize("rounds", [1, 3])
async def test_everybody_says_what_was_cut_off(tmp_path: Path, rounds: int) -> None:
    engine = StoppedEngine(rounds, 1, DONE, 2)
    run = await stopped(laboratory(engine, tmp_path), engine, plan())
    words = f"{DONE} done, {REQUESTS - DONE} cut off by Stop"
    table, _ = result_table(run.report, 200)
    cells = [cell for column in table.columns for cell in column.cells]
    assert any(f"0; {words}" in " ".join(str(cell).split()) for cell in cells)
    notes = " ".join(result_notes(run.report))
    assert f"Stopped after {rounds - 1} of {ROUNDS} rounds" in notes
    assert words in notes
    assert f"| 0; {words} |" in markdown(run.report)
    assert f"{rounds - 1} of {ROUNDS} rounds" in markdown(run.report)
    assert "failed" not in notes


async def test_charts_of_all_rounds_leave_the_partial_one_out(tmp_path: Path) -> None:
    engine = StoppedEngine(3, 1, DONE, 2)
    run = await stopped(laboratory(engine, tmp_path), engine, plan())
    counted = await sync_to_async(lanes_of)(run)
    assert [lane.samples["done"].size for lane in counted] == [2 * REQUESTS] * 2
    every = await sync_to_async(lambda: lanes_of(run, discarded=True))()
    position = engine.fired[-1].lane
    assert every[position].samples["done"].size == 2 * REQUESTS + DONE
    assert every[position].cut_off["done"].size == REQUESTS - DONE


async def test_a_price_per_request_is_not_known_of_what_was_cut_off(tmp_path: Path) -> None:
    engine = StoppedEngine(1, 0, DONE, 2)
    run = await stopped(laboratory(engine, tmp_path), engine, plan())
    lane = run.report["lanes"][engine.fired[-1].lane]
    assert lane["server_side"]["cpu_ms_per_request"] is None


async def test_a_rate_that_is_stopped_had_no_failures(tmp_path: Path) -> None:
    asked = plan(requests=None, rate_rps=40.0, duration_s=1.0)
    engine = StoppedEngine(3, 0, DONE, 2)
    run = await stopped(laboratory(engine, tmp_path), engine, asked)
    (comparison,) = run.report["verdict"]["comparisons"]
    assert comparison["answer"] == "first-look"
    lane = run.report["lanes"][engine.fired[-1].lane]
    assert (lane["errors"], lane["requests"], lane["cut_off"]) == ({}, 80, REQUESTS - DONE)


async def test_a_matrix_that_is_stopped_shows_its_whole_rounds(tmp_path: Path) -> None:
    matrix = make_matrix(
        PROJECT,
        scenario="sleep",
        variants=["sync"],
        servers=["gunicorn-gthread", "daphne"],
        requests=REQUESTS,
        rounds=ROUNDS,
    )
    engine = StoppedEngine(3, 0, DONE, 2)
    lab = laboratory(engine, tmp_path)
    experiment = await lab.experiment(matrix.inquiry)
    await asyncio.wait_for(engine.reached.wait(), 30)
    await lab.stop(experiment)
    await lab.outcome(experiment)
    kept = await Experiment.objects.aget(pk=experiment.pk)
    answer = await sync_to_async(matrix_answer)(kept)
    assert {cell["state"] for cell in answer["cells"]} == {"measured"}
    assert {cell["failed"] for cell in answer["cells"]} == {0}
    assert any("2 of 7 rounds" in cell["why"] for cell in answer["cells"])
