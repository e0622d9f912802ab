"""The sampled firings of a run: after its rounds, stored beside it, never counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import LaneSamples, Run, Status, StoredFrame, StoredReading
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.reports.samples import where_of
from dashboard.runs.sinks.sink import Memory
from dashboard.runs.where.auto_where import AutoWhere
from dashboard.runs.where.lane_sampler import LaneSampler
from dashboard.wire.plan.plan import Firing, Plan
from tests.runs.fakes import FakeEngine, FakeTargets

from .fakes import FakeSampledTargets, sampling_resources

pytestmark = pytest.mark.django_db(transaction=True)
LANES = ["sync@gunicorn-gthread", "async@daphne"]


def plan(*, where: bool = True) -> Plan:
    project = FakeTargets().project
    return make_plan(
        project, scenario="sleep", requests=20, rounds=2, seed=1, lanes=LANES, where=where
    )


def laboratory(engine: FakeEngine, targets: FakeSampledTargets) -> Laboratory:
    resources = sampling_resources(engine, targets)
    inspector = AutoWhere(LaneSampler(resources))
    return Laboratory(resources, Hub(), targets.directory, inspector)


async def performed(
    lab: Laboratory, requested: Plan, memory: Memory | None = None
) -> tuple[Run, Any]:
    """Return the stored run, and what its sampled firings showed."""
    run = await lab.start(requested, [memory] if memory else [])
    assert (await lab.outcome(run)).status == Status.FINISHED
    stored = await Run.objects.aget(pk=run.pk)
    return stored, await sync_to_async(where_of)(stored)


async def test_each_lane_is_sampled_and_its_firing_is_not_counted(tmp_path: Path) -> None:
    engine, targets, memory = FakeEngine(), FakeSampledTargets(tmp_path), Memory()
    run, where = await performed(laboratory(engine, targets), plan(), memory)
    assert targets.started == LANES
    assert targets.prepared == [True, True]
    assert [lane["lane"] for lane in where["lanes"]] == LANES
    assert where["missing"] == {}
    events = [event["event"] for event in memory.events]
    assert events[-4:] == ["target", "sampled", "target", "sampled"]
    frames = await StoredFrame.objects.filter(run=run).acount()
    readings = await StoredReading.objects.filter(run=run).acount()
    plain, nothing = await performed(
        laboratory(FakeEngine(), FakeSampledTargets(tmp_path)), plan(where=False)
    )
    assert nothing is None
    assert frames == await StoredFrame.objects.filter(run=plain).acount()
    assert readings == await StoredReading.objects.filter(run=plain).acount()
    for part in ("lanes", "verdict", "warnings"):
        assert run.report[part] == plain.report[part]


async def test_a_failure_is_a_warning_and_the_run_finished(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path, failing=("gunicorn-gthread",))
    run, where = await performed(laboratory(FakeEngine(), targets), plan())
    reason = "gunicorn-gthread did not start; its log ends: ImportError: no module named shop."
    assert f"{LANES[0]}: it could not be sampled: {reason}" in run.report["warnings"]
    assert where["missing"] == {LANES[0]: reason}
    assert [lane["lane"] for lane in where["lanes"]] == LANES[1:]
    assert run.report["verdict"]["spoiled"] is None


class HeldAtThe(FakeEngine):
    """An engine that holds the firing of this number, counted from 0, until it is stopped."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.reached = asyncio.Event()

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        if len(self.fired) == self._number:
            self._release.clear()
            self.reached.set()
        async for payload in super().fire(firing):
            yield payload


async def test_stop_ends_it_and_keeps_what_was_measured(tmp_path: Path) -> None:
    # Two warm-ups and two rounds of two lanes come before it.
    engine, targets = HeldAtThe(6), FakeSampledTargets(tmp_path)
    lab = laboratory(engine, targets)
    run = await lab.start(plan())
    await engine.reached.wait()
    await lab.stop(run)
    assert (await lab.outcome(run)).status == Status.FINISHED
    assert targets.running == 0
    stored = await Run.objects.aget(pk=run.pk)
    assert [lane["requests"] for lane in stored.report["lanes"]] == [40, 40]
    assert not await LaneSamples.objects.aexists()


async def test_a_deleted_run_takes_them_along(tmp_path: Path) -> None:
    targets = FakeSampledTargets(tmp_path)
    run, _ = await performed(laboratory(FakeEngine(), targets), plan())
    assert await LaneSamples.objects.acount() == 2
    await run.adelete()
    assert await LaneSamples.objects.acount() == 0
