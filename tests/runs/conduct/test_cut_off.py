"""Requests cut off by Stop are not failures: the whole rounds decide, the rest is reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.analysis.text.markdown import markdown
from dashboard.management.terminal.result_table import result_notes, result_table
from dashboard.models import Experiment, Run, Status
from dashboard.runs.experiments.matrix import make_matrix
from dashboard.runs.experiments.matrix_table import matrix_answer
from dashboard.runs.experiments.sweep import make_sweep
from dashboard.runs.experiments.sweep_table import sweep_answer
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.reports.results import lanes_of
from dashboard.runs.reports.stored import measured_report
from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.frame import Buffer
from dashboard.wire.plan.plan import Firing, Plan
from dashboard.wire.units import NS_PER_MS as MS
from tests.runs.fakes import (
    CPU_NS,
    ORIGIN_NS,
    WALL_NS,
    FakeEngine,
    FakeTargets,
    fake_laboratory,
    samples,
)

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = FakeTargets().project
REQUESTS, ROUNDS, DONE = 40, 7, 9


def partly(requests: int, done: int) -> Mapping[str, Buffer]:
    """Return columns of requests of which `done` succeeded before Stop aborted the others."""
    columns = {name: list(column) for name, column in samples(requests).items()}
    for row in range(done, requests):
        for name in ("entered", "view_entered", "view_left", "first_byte"):
            columns[name][row] = -1
        columns["done"][row] = 50 * MS
        columns["status"][row], columns["error"][row] = 0, Failure.ABORTED
    rows = [{name: column[row] for name, column in columns.items()} for row in range(requests)]
    return frame.rows_to_columns("samples", rows)


class StoppedEngine(FakeEngine):
    """Replays until the firing to be stopped, which hangs after `done` requests until Stop."""

    def __init__(self, round: int, turn: int, done: int) -> None:
        super().__init__()
        self.reached = asyncio.Event()
        self._at, self._turn, self._done = round, turn, done
        self._stopped = asyncio.Event()

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        earlier = sum(1 for other in self.fired if other.round == firing.round)
        if (firing.round, earlier) != (self._at, self._turn):
            async for data in super().fire(firing):
                yield data
            return
        self.fired.append(firing)
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        self.reached.set()
        await self._stopped.wait()
        columns = partly(firing.load.requests, min(self._done, firing.load.requests))
        yield frame.encode(
            "samples", columns=columns, lane=firing.lane, round=firing.round, origin_ns=ORIGIN_NS
        )
        yield frame.encode_event({"event": "fired", "wall_ns": WALL_NS, "cpu_ns": CPU_NS})

    def stop(self) -> None:
        self._stopped.set()


def plan(**other: Any) -> Plan:
    lanes = ["sync@gunicorn-gthread", "async@daphne"]
    requested: dict[str, Any] = {"lanes": lanes, "requests": REQUESTS, "rounds": ROUNDS, "seed": 3}
    return make_plan(PROJECT, scenario="sleep", **{**requested, **other})


async def stopped(lab: Laboratory, engine: StoppedEngine, requested: Plan) -> Run:
    run = await lab.start(requested)
    await asyncio.wait_for(engine.reached.wait(), 30)
    await lab.stop(run)
    assert (await lab.outcome(run)).status == Status.STOPPED
    return await Run.objects.aget(pk=run.pk)


def answer_after(whole: int) -> str:
    """Return the answer that so many equal rounds allow."""
    return "no-rounds" if not whole else "first-look" if whole < 5 else "no-difference"


@pytest.mark.parametrize("round", [1, 2, 6, ROUNDS])
@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("done", [0, DONE, REQUESTS])  # with all of them Stop came too late for it
async def test_the_last_whole_rounds_decide(
    tmp_path: Path, round: int, turn: int, done: int
) -> None:
    engine = StoppedEngine(round, turn, done)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, plan())
    report = run.report
    whole = round if turn == 1 and done == REQUESTS else round - 1
    (comparison,) = report["verdict"]["comparisons"]
    assert comparison["answer"] == answer_after(whole)
    assert "errors" not in [cause["name"] for cause in comparison["causes"]]
    cut = engine.fired[-1].lane
    for position, lane in enumerate(report["lanes"]):
        assert lane["errors"] == {}
        assert lane["requests"] == lane["ok"]
        assert lane["cut_off"] == (REQUESTS - done if position == cut else 0)
        assert not whole or (len(lane["makespan_s"]), lane["ok"]) == (whole, REQUESTS * whole)
    if whole < round:
        partial = {"rounds": [round], "done": done, "failed": 0, "cut_off": REQUESTS - done}
        assert report["lanes"][cut]["partial"] == partial
    assert bool(measured_report(run)) is bool(whole)


async def test_a_run_stopped_in_its_warm_up_has_no_numbers(tmp_path: Path) -> None:
    engine = StoppedEngine(0, 1, DONE)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, plan())
    assert [lane["requests"] for lane in run.report["lanes"]] == [0, 0]
    assert [lane["partial"] for lane in run.report["lanes"]] == [None, None]
    assert "Stopped after 0 of 7 rounds." in run.report["warnings"]


@pytest.mark.parametrize("rounds", [1, 3])
async def test_page_terminal_and_json_report_what_was_cut_off(tmp_path: Path, rounds: int) -> None:
    engine = StoppedEngine(rounds, 1, DONE)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, plan())
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


async def test_charts_of_all_rounds_leave_out_the_partial_one(tmp_path: Path) -> None:
    engine = StoppedEngine(3, 1, DONE)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, plan())
    counted = await sync_to_async(lanes_of)(run)
    assert [lane.samples["done"].size for lane in counted] == [2 * REQUESTS] * 2
    every = await sync_to_async(lambda: lanes_of(run, discarded=True))()
    position = engine.fired[-1].lane
    assert every[position].samples["done"].size == 2 * REQUESTS + DONE
    assert every[position].cut_off["done"].size == REQUESTS - DONE


async def test_cost_per_request_is_unknown_for_a_cut_off_run(tmp_path: Path) -> None:
    engine = StoppedEngine(1, 0, DONE)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, plan())
    lane = run.report["lanes"][engine.fired[-1].lane]
    assert lane["server_side"]["cpu_ms_per_request"] is None


async def test_a_rate_that_is_stopped_had_no_failures(tmp_path: Path) -> None:
    requested = plan(requests=None, rate_rps=40.0, duration_s=1.0)
    engine = StoppedEngine(3, 0, DONE)
    run = await stopped(fake_laboratory(engine, tmp_path), engine, requested)
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
    engine = StoppedEngine(3, 0, DONE)
    lab = fake_laboratory(engine, tmp_path)
    experiment = await lab.experiment(matrix.experiment_plan)
    await asyncio.wait_for(engine.reached.wait(), 30)
    await lab.stop(experiment)
    await lab.outcome(experiment)
    stored_run = await Experiment.objects.aget(pk=experiment.pk)
    answer = await sync_to_async(matrix_answer)(stored_run)
    assert {cell["state"] for cell in answer["cells"]} == {"measured"}
    assert {cell["failed"] for cell in answer["cells"]} == {0}
    assert any("2 of 7 rounds" in cell["why"] for cell in answer["cells"])


async def test_a_sweep_that_is_stopped_shows_the_level_with_whole_rounds(tmp_path: Path) -> None:
    sweep = make_sweep(
        PROJECT,
        scenario="sleep",
        over="concurrency=2..8",
        lanes=["sync@gunicorn-gthread", "async@daphne"],
        rounds=ROUNDS,
    )
    engine = StoppedEngine(6, 1, 3)
    lab = fake_laboratory(engine, tmp_path)
    experiment = await lab.experiment(sweep.experiment_plan)
    await asyncio.wait_for(engine.reached.wait(), 30)
    await lab.stop(experiment)
    await lab.outcome(experiment)
    stored_run = await Experiment.objects.aget(pk=experiment.pk)
    answer = await sync_to_async(sweep_answer)(stored_run)
    (level,) = answer["levels"]
    assert {lane["failed"] for lane in level["lanes"]} == {0}
    assert level["lanes"][1]["standing"] == "even"  # five whole rounds of the same
    assert level["lanes"][1]["interval"]
