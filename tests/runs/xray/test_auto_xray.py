"""Work after the last round: reported to the sinks, ended by Stop, never a failed run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from dashboard.models import Run, RunLane, Status
from dashboard.runs.conduct.conductor import SendEvent, perform
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.sinks.sink import Memory, Outcome
from dashboard.runs.xray import auto_xray
from dashboard.runs.xray.auto_xray import AutoXray
from dashboard.runs.xray.traced_request import RequestTracer, XrayResult, XraySubject
from dashboard.targets.supervise.cores import Cores
from dashboard.targets.trace import OnStep, ignore_step
from dashboard.wire.errors import TargetFailed
from dashboard.wire.plan.plan import Plan
from tests.runs.fakes import FakeEngine, FakeTarget, FakeTargets, fake_laboratory, fake_resources


def plan() -> Plan:
    return make_plan(FakeTargets().project, scenario="sleep", requests=20, rounds=1, seed=1)


async def test_events_after_the_last_round_come_before_the_end() -> None:
    async def look(tell: SendEvent) -> None:
        await tell({"event": "found", "lane": 0, "facts": {}})

    memory = Memory()
    outcome = await perform(plan(), fake_resources(FakeEngine()), [memory], asyncio.Event(), look)
    assert outcome == memory.outcome == Outcome(Status.FINISHED)
    assert memory.events[-1] == {"event": "found", "lane": 0, "facts": {}}


async def test_stop_ends_it_and_the_run_is_finished() -> None:
    stop, ended = asyncio.Event(), []

    async def look(tell: SendEvent) -> None:
        stop.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    outcome = await perform(plan(), fake_resources(FakeEngine()), [Memory()], stop, look)
    assert outcome == Outcome(Status.FINISHED)
    assert ended


async def test_an_error_in_it_does_not_fail_the_run() -> None:
    async def look(tell: SendEvent) -> None:
        raise LookupError("a fault")

    outcome = await perform(
        plan(), fake_resources(FakeEngine()), [Memory()], asyncio.Event(), after_run=look
    )
    assert outcome == Outcome(Status.FINISHED)


class Refusing(RequestTracer):
    """A tracer whose targets do not start."""

    async def trace(
        self, subject: XraySubject, *, prepared: bool = False, on_step: OnStep = ignore_step
    ) -> XrayResult:
        raise TargetFailed(f"{subject.lane.server} did not start")


@pytest.mark.django_db(transaction=True)
async def test_a_failed_x_ray_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto_xray, "unexplained_lanes", lambda report: [0])
    look = AutoXray(Refusing(mark="test", home=tmp_path, cores=Cores.here()))
    lab = Laboratory(fake_resources(FakeEngine()), Hub(), tmp_path, look)
    run = await lab.start(plan())
    assert (await lab.outcome(run)).status == Status.FINISHED
    stored_run = await Run.objects.aget(pk=run.pk)
    message = "sync@gunicorn-gthread: no request could be traced: gunicorn-gthread did not start"
    assert message in stored_run.report["warnings"]
    assert stored_run.report["verdict"]["spoiled"] is None


@pytest.mark.django_db(transaction=True)
async def test_the_default_executor_is_a_fact_of_its_lane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor: dict[str, Any] = {"limit": 6, "threads": 6, "queued": 14}
    monkeypatch.setattr(FakeTarget, "executor", executor)
    lab = fake_laboratory(FakeEngine(), tmp_path)
    run = await lab.start(plan())
    await lab.outcome(run)
    lane = await RunLane.objects.aget(run=run, position=1)
    assert lane.facts["executor"] == executor
    assert lane.facts["command"] == ["serve", "daphne"]
