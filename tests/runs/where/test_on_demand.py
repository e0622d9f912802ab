"""*Sample* at a run that has ended: in its turn, stopped, stored with it, its causes get lines."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import LaneSamples, Run, Sampling, Status
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.reports.samples import where_of
from dashboard.runs.sinks.sink import Outcome
from dashboard.runs.where import on_demand
from dashboard.runs.where.on_demand import STOPPING, RunSampler
from dashboard.wire.errors import InvalidPlan, LiveburstError
from tests.runs.fakes import FakeEngine, FakeTargets

from .fakes import FakeSampledTargets, sampling_resources

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "async@daphne"]
PATIENCE_S = 20.0


def laboratory(targets: FakeSampledTargets, engine: FakeEngine | None = None) -> Laboratory:
    resources = sampling_resources(engine or FakeEngine(), targets)
    return Laboratory(resources, Hub(), targets.directory)


async def finished(lab: Laboratory) -> Run:
    """Return a finished run that was not sampled."""
    plan = make_plan(
        FakeTargets().project, scenario="sleep", requests=20, rounds=2, seed=1, lanes=LANES
    )
    run = await lab.start(plan)
    assert (await lab.outcome(run)).status == Status.FINISHED
    return await Run.objects.aget(pk=run.pk)


async def sample(lab: Laboratory, run: Run, lanes: Sequence[str] = LANES) -> Outcome:
    """Sample lanes of a run and return how that ended, which is stored too."""
    entry = await RunSampler(lab).start(run, lanes)
    outcome = await lab.outcome(entry)
    async for stored in Sampling.objects.filter(pk=entry.pk):
        ended = stored.status, stored.problem, stored.log_tail
        assert ended == (outcome.status, outcome.problem, outcome.log_tail)
    return outcome


class Steps(dict[str, str]):
    """The steps of samplings, all of which are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.all: list[str] = []

    def __setitem__(self, entry: str, step: str) -> None:
        self.all.append(step)
        super().__setitem__(entry, step)


async def test_lanes_are_sampled_and_stored_and_viewers_are_told(tmp_path: Path) -> None:
    targets, steps = FakeSampledTargets(tmp_path), Steps()
    lab = laboratory(targets)
    run = await finished(lab)
    viewer = lab.hub.join()
    lab.hub.watch(viewer, run.pk, stored=0, active=False)
    sampler = RunSampler(lab)
    sampler._steps = steps
    entry = await sampler.start(run, LANES[1:])
    assert (await lab.outcome(entry)).status == Status.FINISHED
    assert targets.started == LANES[1:]
    assert steps.all == ["async@daphne: starting daphne", "async@daphne: firing, sampled"]
    assert steps == {}
    where = await sync_to_async(where_of)(run)
    assert where is not None
    assert [lane["lane"] for lane in where["lanes"]] == LANES[1:]
    async with asyncio.timeout(PATIENCE_S):
        while (sent := json.loads(await viewer.next_message()))["event"] != "sampled":
            assert sent["event"] in {"line", "watching"}
    assert sent == {"event": "sampled", "lane": 1, "run": run.pk}


async def test_the_report_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    run.report["verdict"] = "of an older version"
    await run.asave()
    await sample(lab, run)
    stored = await Run.objects.aget(pk=run.pk)
    assert stored.report["verdict"]["comparisons"]

    async def fails(run: Run) -> Any:
        raise LookupError("stored by an older version")

    monkeypatch.setattr(on_demand, "advised_report_on", lambda project: fails)
    assert (await sample(lab, run)).status == Status.FINISHED
    again = await Run.objects.aget(pk=run.pk)
    assert again.report == stored.report


async def held_run(lab: Laboratory, engine: FakeEngine) -> Run:
    """Return a run that goes on until its engine is stopped."""
    engine._release.clear()
    engine.holding.clear()
    plan = make_plan(FakeTargets().project, scenario="sleep", requests=20, rounds=1, lanes=LANES)
    run = await lab.start(plan)
    async with asyncio.timeout(PATIENCE_S):
        await engine.holding.wait()
    return run


async def test_it_has_its_place_behind_a_run_and_is_fired_after_it(tmp_path: Path) -> None:
    targets, engine = FakeSampledTargets(tmp_path), FakeEngine()
    lab = laboratory(targets, engine)
    run = await finished(lab)
    before = await held_run(lab, engine)
    sampler = RunSampler(lab)
    entry = await sampler.start(run, LANES)
    assert await sampler.start(run, LANES[:1]) == entry  # one at a time
    assert await sync_to_async(run_queue.queued)() == [before, entry]
    assert targets.started == []
    engine.stop()
    assert (await lab.outcome(entry)).status == Status.FINISHED
    assert targets.started == LANES
    assert await sync_to_async(run_queue.queued)() == []


async def test_one_that_waits_is_removed_from_the_queue(tmp_path: Path) -> None:
    targets, engine = FakeSampledTargets(tmp_path), FakeEngine()
    lab = laboratory(targets, engine)
    run = await finished(lab)
    before = await held_run(lab, engine)
    sampler = RunSampler(lab)
    entry = await sampler.start(run, LANES)
    await sampler.stop(await Sampling.objects.aget(pk=entry.pk))
    assert await sync_to_async(run_queue.queued)() == [before]
    engine.stop()
    assert (await lab.outcome(entry)).status == Status.STOPPED
    assert (await Sampling.objects.aget(pk=entry.pk)).ended is not None
    await lab.outcome(before)
    assert targets.started == []


async def test_stop_ends_the_target_and_keeps_what_was_sampled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    targets = FakeSampledTargets(tmp_path)
    lab = laboratory(targets)
    run = await finished(lab)
    sampler, firing, store = RunSampler(lab), asyncio.Event(), LaneSamples.objects.acount
    whole = sampler._sampler.sample

    async def holds_at_the_second(*args: Any, **options: Any) -> Any:
        if await store() == 0:
            return await whole(*args, **options)
        async with targets(args[2], args[0].scenario, args[0].lanes[1], prepared=True, **options):
            firing.set()
            return await asyncio.Event().wait()

    monkeypatch.setattr(sampler._sampler, "sample", holds_at_the_second)
    entry = await sampler.start(run, LANES)
    async with asyncio.timeout(PATIENCE_S):
        await firing.wait()
    assert targets.running == 1
    running = await Sampling.objects.aget(pk=entry.pk)
    assert running.status == Status.RUNNING
    await sampler.stop(running)
    assert sampler.step_of(running) == STOPPING
    assert (await lab.outcome(entry)).status == Status.STOPPED
    assert targets.running == 0
    where = await sync_to_async(where_of)(run)
    assert where is not None
    assert [lane["lane"] for lane in where["lanes"]] == LANES[:1]
    assert sampler.step_of(running) == ""
    await sampler.stop(await Sampling.objects.aget(pk=entry.pk))  # does nothing
    assert (await Sampling.objects.aget(pk=entry.pk)).status == Status.STOPPED


async def test_closing_the_laboratory_stops_it(tmp_path: Path) -> None:
    targets, engine = FakeSampledTargets(tmp_path), FakeEngine()
    lab = laboratory(targets, engine)
    run = await finished(lab)
    engine._release.clear()
    engine.holding.clear()
    entry = await RunSampler(lab).start(run, LANES)
    async with asyncio.timeout(PATIENCE_S):
        await engine.holding.wait()
    await lab.close()
    assert (await Sampling.objects.aget(pk=entry.pk)).status == Status.STOPPED
    assert targets.running == 0


async def test_one_whose_process_is_gone_is_interrupted(tmp_path: Path) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    enqueue = sync_to_async(run_queue.enqueue_sampling)
    entry = await enqueue("sleep", lab.project, run)
    await Sampling.objects.filter(pk=entry.pk).aupdate(owner_pid=0, status=Status.RUNNING)
    assert (await sample(lab, run)).status == Status.FINISHED  # it blocks no other
    assert not await Sampling.objects.filter(pk=entry.pk).aexists()  # the last one is kept


async def test_if_every_lane_fails_so_does_it_and_each_reason_is_stored(tmp_path: Path) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path, failing=("daphne", "gunicorn-gthread")))
    run = await finished(lab)
    outcome = await sample(lab, run)
    assert (outcome.status, outcome.problem) == (Status.FAILED, "daphne did not start")
    assert outcome.log_tail == "ImportError: no module named shop"
    where = await sync_to_async(where_of)(run)
    assert where is not None
    assert [*where["missing"]] == LANES


async def test_a_failure_replaces_no_earlier_result(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path)
    lab = laboratory(targets)
    run = await finished(lab)
    await sample(lab, run)
    targets.failing = ("daphne",)
    assert (await sample(lab, run)).status == Status.FINISHED
    assert await LaneSamples.objects.filter(where__isnull=False).acount() == 2


async def test_a_run_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    with pytest.raises(LiveburstError, match="None of these lanes"):
        await RunSampler(lab).start(run, ["sync@waitress"])
    run.project = "shop"
    with pytest.raises(LiveburstError, match="expected a run of the project liveapp, found shop"):
        await RunSampler(lab).start(run, LANES)
    run.project = "liveapp"
    run.plan["scenario"] = "gone"
    with pytest.raises(InvalidPlan, match="scenario"):
        await RunSampler(lab).start(run, LANES)
    assert await Sampling.objects.acount() == 0


async def test_a_run_that_is_deleted_meanwhile_takes_its_entry_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    sampler = RunSampler(lab)
    whole = sampler._sampler.sample

    async def deleted(*args: Any, **options: Any) -> Any:
        await Run.objects.filter(pk=run.pk).adelete()
        return await whole(*args, **options)

    monkeypatch.setattr(sampler._sampler, "sample", deleted)
    outcome = await lab.outcome(await sampler.start(run, LANES))
    assert (outcome.status, outcome.problem) == (Status.FAILED, "The run was deleted meanwhile.")
    assert await sync_to_async(run_queue.queued)() == []
