"""The calibration of the engine: floor, limit, and when they are measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from dashboard.models import Calibration, Run, Status
from dashboard.runs.engines import calibration as calibration_module
from dashboard.runs.engines.calibration import CONNECTIONS, FRESH_FOR, calibrate, fresh_calibration
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.wiring import EngineKeeper
from dashboard.targets.calibration.start_null_server import null_server
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import EngineFailed
from dashboard.wire.plan.plan import Firing, Plan
from tests.runs.fakes import (
    FakeEngine,
    FakeTargets,
    fake_laboratory,
    fake_null_server,
)

pytestmark = pytest.mark.django_db(transaction=True)
MARK = "liveburst-test-calibration"


def plan() -> Plan:
    return make_plan(FakeTargets().project, scenario="sleep", requests=4, rounds=1, seed=1)


async def test_floor_is_the_median_alone_and_limit_the_throughput_of_many() -> None:
    engine = FakeEngine()  # whose every request takes 100 ms, all at once
    calibration = await calibrate(engine, fake_null_server)
    first, many, alone = (firing.load for firing in engine.fired)
    assert first.requests == 1  # until the null server is up, which is in neither figure
    assert (many.concurrency, alone.concurrency) == (CONNECTIONS, 1)
    assert calibration.floor_ms == pytest.approx(100.0)
    assert calibration.limit_rps == pytest.approx(many.requests / 0.1)
    assert await fresh_calibration() == calibration


async def test_an_engine_that_dies_is_not_a_calibration() -> None:
    with pytest.raises(EngineFailed):
        await calibrate(FakeEngine(dies=True), fake_null_server)
    assert not await Calibration.objects.aexists()


async def test_an_old_calibration_is_ignored() -> None:
    calibration = await calibrate(FakeEngine(), fake_null_server)
    too_old = timezone.now() - FRESH_FOR - timedelta(minutes=1)
    await Calibration.objects.filter(pk=calibration.pk).aupdate(measured=too_old)
    assert await fresh_calibration() is None


async def test_no_calibration_while_a_run_is_queued(tmp_path: Path) -> None:
    engine = FakeEngine(hold=True)
    lab = fake_laboratory(engine, tmp_path)
    run = await lab.start(plan())
    await engine.holding.wait()
    assert await lab.calibrate() is None
    assert not await Calibration.objects.aexists()
    engine.stop()
    await lab.outcome(run)
    assert await lab.calibrate() is not None


async def test_a_run_stores_the_calibration_of_its_time(tmp_path: Path) -> None:
    lab = fake_laboratory(FakeEngine(), tmp_path)
    before = await lab.start(plan())
    await lab.outcome(before)
    calibration = await lab.calibrate()
    assert calibration
    after = await lab.start(plan())
    await lab.outcome(after)
    instruments = [
        (await Run.objects.aget(pk=run.pk)).report["instrument"] for run in (before, after)
    ]
    assert [instrument["floor_ms"] for instrument in instruments] == [None, calibration.floor_ms]
    assert [instrument["limit_rps"] for instrument in instruments] == [None, calibration.limit_rps]
    assert [instrument["saturated"] for instrument in instruments] == [False, False]


async def test_a_process_for_one_run_calibrates_first(tmp_path: Path) -> None:
    engine = FakeEngine()
    lab = fake_laboratory(engine, tmp_path, calibrates_first=True)
    for _ in range(2):
        await lab.outcome(await lab.start(plan()))
    loads = [firing.load.concurrency for firing in engine.fired]
    assert loads.count(CONNECTIONS) == 1  # the second run finds it fresh
    run = await Run.objects.afirst()
    assert run
    assert run.floor_ms is not None


async def test_a_failed_calibration_does_not_prevent_the_run(tmp_path: Path) -> None:
    class Alone(FakeEngine):
        async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
            if firing.load.concurrency == CONNECTIONS:
                raise EngineFailed("no null server")
            async for payload in super().fire(firing):
                yield payload

    lab = fake_laboratory(Alone(), tmp_path, calibrates_first=True)
    run = await lab.start(plan())
    assert (await lab.outcome(run)).status == Status.FINISHED
    assert (await Run.objects.aget(pk=run.pk)).floor_ms is None


@pytest.mark.alone
async def test_the_real_engine_is_measured_in_less_than_two_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration_module, "LIMIT_REQUESTS", 10**5)  # the time is the bound

    @asynccontextmanager
    async def nothing() -> AsyncIterator[tuple[str, int]]:
        log = tmp_path / "null.log"
        async with null_server(mark=MARK, log=log, cores=()) as address:
            yield address

    keeper = EngineKeeper(Cores(), tmp_path, MARK)
    try:
        engine = await keeper.ready()
        # Half of it is for the start of a process, on a machine that others use too.
        async with asyncio.timeout(4):
            calibration = await calibrate(engine, nothing)
        assert engine.fit
    finally:
        keeper.close()
    assert 0.01 < calibration.floor_ms < 20
    assert calibration.limit_rps > 1000
