"""Experiments: one place in the queue, separate runs, stopped as one, failures survived."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Experiment, Run, Status
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.experiment import ExperimentPlan, Step, Steps, fire_with_retry
from dashboard.wire.errors import InvalidPlan, Problem
from dashboard.wire.plan.plan import Plan
from tests.runs.fakes import FakeEngine, FakeTargets, fake_laboratory

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = FakeTargets().project


def plan(lane: str = "sync@daphne", requests: int = 10) -> Plan:
    return make_plan(PROJECT, scenario="sleep", lanes=[lane], requests=requests, rounds=1, seed=1)


def experiment_plan(steps: Steps) -> ExperimentPlan:
    question: Any = {"scenario": "sleep"}
    return ExperimentPlan(Experiment.Kind.MATRIX, "sleep", question, steps)


def three(sent: list[Run]) -> Steps:
    for number in (1, 2, 3):
        run = yield Step(f"step {number}", plan(requests=number))
        sent.append(run)


async def runs_of(experiment: Experiment) -> list[Run]:
    return [run async for run in experiment.runs.order_by("position")]


async def test_each_step_is_a_run_of_its_own_and_sent_back_with_its_report(tmp_path: Path) -> None:
    lab, sent = fake_laboratory(FakeEngine(), tmp_path), list[Run]()
    experiment = await lab.experiment(experiment_plan(three(sent)))
    outcome = await lab.outcome(experiment)
    assert (outcome.status, outcome.problem) == (Status.FINISHED, "")
    stored_runs = await runs_of(experiment)
    assert [(run.position, run.label) for run in stored_runs] == [
        (0, "step 1"), (1, "step 2"), (2, "step 3")
    ]  # fmt: skip
    assert [run.report["lanes"][0]["requests"] for run in sent] == [1, 2, 3]
    await experiment.arefresh_from_db()
    assert (experiment.status, experiment.kind) == (Status.FINISHED, "matrix")
    assert experiment.ended is not None
    assert experiment.ended > experiment.created


async def test_the_next_step_depends_on_results(tmp_path: Path) -> None:
    def halving() -> Steps:
        requests = 16
        while requests > 1:
            run = yield Step(str(requests), plan(requests=requests))
            requests = run.report["lanes"][0]["requests"] // 4

    lab = fake_laboratory(FakeEngine(), tmp_path)
    experiment = await lab.experiment(experiment_plan(halving()))
    await lab.outcome(experiment)
    assert [run.label for run in await runs_of(experiment)] == ["16", "4"]


async def test_an_experiment_has_one_place_for_all_its_runs(tmp_path: Path) -> None:
    engine, sent = FakeEngine(hold=True), list[Run]()
    lab = fake_laboratory(engine, tmp_path)
    experiment = await lab.experiment(experiment_plan(three(sent)))
    await engine.holding.wait()
    after = await lab.start(plan())
    standing = await sync_to_async(run_queue.queued)()
    assert [member.pk for member in standing] == [experiment.pk, after.pk]
    engine.stop()
    await lab.outcome(after)
    runs = await runs_of(experiment)
    assert len(runs) == len(sent) == 3
    await experiment.arefresh_from_db()
    await after.arefresh_from_db()
    assert (experiment.status, after.status) == (Status.FINISHED, Status.FINISHED)
    assert [firing.load.requests for firing in engine.fired if firing.round][-1] == 10


@pytest.mark.parametrize("what", ["experiment", "run"])
async def test_stop_ends_the_current_run_and_all_later_ones(tmp_path: Path, what: str) -> None:
    engine, sent = FakeEngine(hold=True), list[Run]()
    lab = fake_laboratory(engine, tmp_path)
    experiment = await lab.experiment(experiment_plan(three(sent)))
    await engine.holding.wait()
    (run,) = await runs_of(experiment)
    assert lab.owns(run)
    await lab.stop(experiment if what == "experiment" else run)
    assert (await lab.outcome(experiment)).status == Status.STOPPED
    (run,) = await runs_of(experiment)
    await experiment.arefresh_from_db()
    assert run.status == experiment.status == Status.STOPPED
    assert run.report["lanes"][0]["requests"] >= 0
    assert not await sync_to_async(run_queue.queued)()
    assert not lab.owns(run)


async def test_a_waiting_experiment_is_removed_and_never_fires(tmp_path: Path) -> None:
    engine, sent = FakeEngine(hold=True), list[Run]()
    lab = fake_laboratory(engine, tmp_path)
    first = await lab.start(plan())
    await engine.holding.wait()
    experiment = await lab.experiment(experiment_plan(three(sent)))
    await lab.stop(experiment)
    assert (await lab.outcome(experiment)).status == Status.STOPPED
    engine.stop()
    await lab.outcome(first)
    await experiment.arefresh_from_db()
    assert experiment.status == Status.STOPPED
    assert experiment.ended is not None
    assert not sent


async def test_a_failed_run_is_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    sent = list[Run]()

    def steps() -> Steps:
        for lane in ("sync@daphne", "sync@uvicorn", "async@uvicorn"):
            run = yield Step(lane, plan(lane))
            sent.append(run)

    lab = fake_laboratory(FakeEngine(), tmp_path, FakeTargets(failing=("daphne",)))
    experiment = await lab.experiment(experiment_plan(steps()))
    outcome = await lab.outcome(experiment)
    assert [run.status for run in sent] == [Status.FAILED, Status.FINISHED, Status.FINISHED]
    assert (outcome.status, outcome.problem) == (
        Status.FINISHED,
        "1 of 3 runs failed: daphne did not start; its log ends: its last line",
    )


async def test_an_experiment_without_a_finished_run_has_failed(tmp_path: Path) -> None:
    sent = list[Run]()
    lab = fake_laboratory(FakeEngine(), tmp_path, FakeTargets(failing=("daphne",)))
    experiment = await lab.experiment(experiment_plan(three(sent)))
    assert (await lab.outcome(experiment)).status == Status.FAILED
    assert len(sent) == 3


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (InvalidPlan(Problem("rounds", "expected 1 to 100, found 0")), "rounds: expected 1 to 100"),
        (ZeroDivisionError(), "Liveburst itself failed"),
    ],
)
async def test_steps_that_raise_end_the_experiment_and_free_the_queue(
    tmp_path: Path, error: Exception, words: str
) -> None:
    def steps() -> Steps:
        yield Step("one", plan())
        raise error

    lab = fake_laboratory(FakeEngine(), tmp_path)
    experiment = await lab.experiment(experiment_plan(steps()))
    outcome = await lab.outcome(experiment)
    assert outcome.status == Status.FAILED
    assert words in outcome.problem
    assert (await lab.outcome(await lab.start(plan()))).status == Status.FINISHED


@pytest.mark.parametrize(
    ("report", "labels"),
    [
        ({"verdict": {"spoiled": "at its limit"}, "instrument": None}, ["one", "one, again"]),
        (
            {"verdict": {"spoiled": None, "disturbed": {"reason": "late"}}, "instrument": None},
            ["one", "one, again"],
        ),
        ({"verdict": None, "instrument": {"saturated": True}}, ["one", "one, again"]),  # one lane
        ({"verdict": {"spoiled": None}, "instrument": {"saturated": False}}, ["one"]),
        (None, ["one"]),
    ],
)
def test_a_disturbed_run_is_fired_once_more(report: Any, labels: list[str]) -> None:
    run = Run(status=Status.FINISHED, report=report)
    steps = fire_with_retry(Step("one", plan()))
    assert [next(steps).label, *(steps.send(run).label for _ in labels[1:])] == labels
    with pytest.raises(StopIteration) as end:
        steps.send(run)
    assert end.value.value is run


@pytest.fixture
def gone() -> int:
    """Return the pid of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


@pytest.mark.processes
def test_an_experiment_without_its_process_is_interrupted_with_its_run(gone: int) -> None:
    experiment = run_queue.enqueue_experiment("claims", "sleep", {"claims": []}, PROJECT)
    run = run_queue.enqueue(plan(), PROJECT, experiment=experiment, position=0, label="one")
    assert run_queue.queued() == [experiment]
    Experiment.objects.update(owner_pid=gone, status=Status.RUNNING)
    Run.objects.update(owner_pid=gone, status=Status.RUNNING)
    assert run_queue.mark_interrupted()
    experiment.refresh_from_db()
    run.refresh_from_db()
    assert experiment.status == run.status == Status.INTERRUPTED
    assert experiment.ended is not None
    assert not run_queue.mark_interrupted()


async def test_closing_the_laboratory_stops_its_experiment(tmp_path: Path) -> None:
    engine, sent = FakeEngine(hold=True), list[Run]()
    lab = fake_laboratory(engine, tmp_path)
    experiment = await lab.experiment(experiment_plan(three(sent)))
    await engine.holding.wait()
    await lab.close()
    await experiment.arefresh_from_db()
    assert experiment.status == Status.STOPPED
