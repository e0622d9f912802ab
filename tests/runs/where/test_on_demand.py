"""*Where?* at a run that has ended: in its turn, stored with it, its causes get their lines."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import LaneSamples, Run, Status
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import LOCK_NAME, Laboratory
from dashboard.runs.reports.samples import where_of
from dashboard.runs.where import on_demand
from dashboard.runs.where.on_demand import RunSampler
from dashboard.wire.errors import InvalidPlan, LiveburstError
from tests.runs.fakes import FakeEngine, FakeTargets

from .fakes import FakeSampledTargets, sampling_resources

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "async@daphne"]


def laboratory(targets: FakeSampledTargets) -> Laboratory:
    resources = sampling_resources(FakeEngine(), targets)
    return Laboratory(resources, Hub(), targets.directory)


async def finished(lab: Laboratory) -> Run:
    """Return a finished run that was not sampled."""
    plan = make_plan(
        FakeTargets().project, scenario="sleep", requests=20, rounds=2, seed=1, lanes=LANES
    )
    run = await lab.start(plan)
    assert (await lab.outcome(run)).status == Status.FINISHED
    return await Run.objects.aget(pk=run.pk)


def ignore(step: str) -> None:
    """Drop the step."""


async def test_lanes_are_sampled_and_stored_and_viewers_are_told(tmp_path: Path) -> None:
    targets, steps = FakeSampledTargets(tmp_path), list[str]()
    lab = laboratory(targets)
    run = await finished(lab)
    viewer = lab.hub.join()
    lab.hub.watch(viewer, run.pk, stored=0, active=False)
    assert await RunSampler(lab, tmp_path).sample_if_free(run, LANES[1:], steps.append)
    assert targets.started == LANES[1:]
    assert steps == ["async@daphne: starting daphne", "async@daphne: firing, sampled"]
    where = await sync_to_async(where_of)(run)
    assert where is not None
    assert [lane["lane"] for lane in where["lanes"]] == LANES[1:]
    sent = [json.loads(await viewer.next_message()) for _ in range(2)]
    assert sent[1] == {"event": "sampled", "lane": 1, "run": run.pk}


async def test_the_report_is_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    run.report["verdict"] = "of an older version"
    await run.asave()
    await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    stored = await Run.objects.aget(pk=run.pk)
    assert stored.report["verdict"]["comparisons"]

    async def fails(run: Run) -> Any:
        raise LookupError("stored by an older version")

    monkeypatch.setattr(on_demand, "advised_report_on", lambda project: fails)
    assert await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    again = await Run.objects.aget(pk=run.pk)
    assert again.report == stored.report


async def test_nothing_is_fired_beside_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_queue, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(on_demand, "PATIENCE_S", 0.05)
    targets = FakeSampledTargets(tmp_path)
    lab = laboratory(targets)
    run = await finished(lab)
    with (tmp_path / LOCK_NAME).open("a") as lock:
        fcntl.flock(lock.fileno(), fcntl.LOCK_EX)
        assert not await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    assert targets.started == []


async def test_if_every_lane_fails_the_last_reason_is_raised_and_each_stored(
    tmp_path: Path,
) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path, failing=("daphne", "gunicorn-gthread")))
    run = await finished(lab)
    with pytest.raises(LiveburstError, match="daphne did not start"):
        await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    where = await sync_to_async(where_of)(run)
    assert where is not None
    assert [*where["missing"]] == LANES


async def test_a_failure_replaces_no_earlier_result(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path)
    lab = laboratory(targets)
    run = await finished(lab)
    await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    targets.failing = ("daphne",)
    assert await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    assert await LaneSamples.objects.filter(where__isnull=False).acount() == 2


async def test_a_run_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    run.project = "shop"
    with pytest.raises(LiveburstError, match="expected a run of the project liveapp, found shop"):
        await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
    run.project = "liveapp"
    run.plan["scenario"] = "gone"
    with pytest.raises(InvalidPlan, match="scenario"):
        await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)


async def test_a_run_that_is_deleted_meanwhile_is_a_reason(tmp_path: Path) -> None:
    lab = laboratory(FakeSampledTargets(tmp_path))
    run = await finished(lab)
    await Run.objects.filter(pk=run.pk).adelete()
    with pytest.raises(LiveburstError, match="deleted meanwhile"):
        await RunSampler(lab, tmp_path).sample_if_free(run, LANES, ignore)
