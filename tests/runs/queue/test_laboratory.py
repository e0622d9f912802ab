"""Runs that outlive the request which started them: stored, broadcast, stopped, queued."""

from __future__ import annotations

import json
import signal
import sqlite3
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError

from dashboard.models import Run, RunLane, Status, StoredFrame
from dashboard.runs.live.hub import Hub
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import laboratory as laboratory_module
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.runs.queue.run_queue import mark_failed as run_queue_mark_failed
from dashboard.runs.reports.results import frames_of
from dashboard.runs.sinks.sink import Store
from dashboard.wire import frame
from dashboard.wire.plan.plan import Plan
from tests.runs.fakes import (
    WALL_NS,
    FakeEngine,
    FakeTargets,
    fake_laboratory,
    fake_resources,
    stolen_in,
)

pytestmark = pytest.mark.django_db(transaction=True)


def plan() -> Plan:
    return make_plan(FakeTargets().project, scenario="sleep", requests=40, rounds=2, seed=1)


async def stored(run: Run) -> Run:
    return await Run.objects.aget(pk=run.pk)


async def test_a_run_is_stored_with_frames_facts_and_report(tmp_path: Path) -> None:
    lab = fake_laboratory(FakeEngine(), tmp_path)
    run = await lab.start(plan())
    assert (await lab.outcome(run)).status == Status.FINISHED
    stored_run = await stored(run)
    assert stored_run.status == Status.FINISHED
    assert [lane["requests"] for lane in stored_run.report["lanes"]] == [80, 80, 80]
    assert stored_run.report["lanes"][0]["server_side"]["peak_in_app"] == 8
    assert stored_run.environment["cpus"]
    lane = await RunLane.objects.aget(run=run, position=1)
    assert lane.facts == {"command": ["serve", "daphne"]}
    numbers = await sync_to_async(lambda: [number for number, _ in frames_of(run.pk)])()
    assert numbers == list(range(len(numbers)))


async def test_a_late_stop_does_not_interrupt_this_process(tmp_path: Path) -> None:
    lab = fake_laboratory(FakeEngine(), tmp_path)
    run = await lab.start(plan())
    seen_while_it_ran = await stored(run)
    await lab.outcome(run)
    interrupted: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: interrupted.append(number))
    try:
        await lab.stop(seen_while_it_ran)
    finally:
        signal.signal(signal.SIGINT, before)
    assert not interrupted
    assert (await stored(run)).status == Status.FINISHED


async def test_a_discarded_round_is_stored_and_not_counted(tmp_path: Path) -> None:
    engine = FakeEngine()
    robbed = replace(fake_resources(engine), cpu_times=stolen_in(engine, 1))
    lab = Laboratory(robbed, Hub(), tmp_path)
    run = await lab.start(plan())
    await lab.outcome(run)
    stored_run = await stored(run)
    assert stored_run.discarded_rounds == stored_run.report["discarded_rounds"] == [1]
    assert [lane["requests"] for lane in stored_run.report["lanes"]] == [80, 80, 80]
    assert stored_run.report["instrument"]["steal_percent"] == 0.0
    rounds = await sync_to_async(
        lambda: {frame.decode(data).round for _, data in frames_of(run.pk)}
    )()
    assert rounds == {0, 1, 2, 3}


async def test_a_run_with_a_late_engine_is_disturbed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.runs.fakes.CPU_NS", WALL_NS)
    lab = fake_laboratory(FakeEngine(), tmp_path)
    run = await lab.start(plan())
    await lab.outcome(run)
    stored_run = await stored(run)
    assert stored_run.report["instrument"]["saturated"] is True
    assert any(
        "used 100% of its core" in warning_text for warning_text in stored_run.report["warnings"]
    )
    assert stored_run.report["verdict"]["spoiled"] is None
    assert "used 100% of its core" in stored_run.report["verdict"]["disturbed"]["reason"]
    # This engine does not report its lateness, so only the measured ratio is shown.
    answers = {comparison["answer"] for comparison in stored_run.report["verdict"]["comparisons"]}
    assert answers == {"not-trusted"}
    assert all(comparison["ratio"] for comparison in stored_run.report["verdict"]["comparisons"])
    assert (
        len(stored_run.discarded_rounds) == stored_run.report["rounds"]
    )  # tried again as often as may be
    assert {discard["reason"] for discard in stored_run.report["discarded"]} == {"late"}


async def test_viewers_are_sent_events_and_may_fetch_the_report_at_the_end(tmp_path: Path) -> None:
    engine = FakeEngine(hold=True)
    lab = fake_laboratory(engine, tmp_path)
    viewer = lab.hub.join()
    run = await lab.start(plan())
    await engine.holding.wait()
    lab.hub.watch(viewer, run.pk, stored=0, active=True)
    engine.stop()
    events: list[Any] = []
    while not any(event.get("event") == "finished" for event in events):
        message = await viewer.next_message()
        if isinstance(message, str):
            events.append(json.loads(message))
        else:
            viewer.seen(10**6)
    assert (await stored(run)).report is not None
    assert events[-1] == {"event": "finished", "status": "finished", "run": run.pk}
    assert {"line", "watching", "began", "fired"} <= {event["event"] for event in events}


async def test_a_stopped_run_keeps_what_it_had(tmp_path: Path) -> None:
    engine = FakeEngine(hold=True)
    lab = fake_laboratory(engine, tmp_path)
    run = await lab.start(plan())
    await engine.holding.wait()
    await lab.stop(run)
    await lab.outcome(run)
    stored_run = await stored(run)
    assert stored_run.status == stored_run.report["status"] == Status.STOPPED
    kinds = await sync_to_async(
        lambda: {frame.decode(data).kind for _, data in frames_of(run.pk)}
    )()
    assert "samples" in kinds


async def test_a_second_run_waits_and_can_be_removed(tmp_path: Path) -> None:
    engine = FakeEngine(hold=True)
    lab = fake_laboratory(engine, tmp_path)
    first = await lab.start(plan())
    await engine.holding.wait()
    second = await lab.start(plan())
    assert (await stored(second)).status == Status.WAITING
    await lab.stop(second)
    assert (await lab.outcome(second)).status == Status.STOPPED
    assert (await stored(second)).status == Status.STOPPED
    engine.stop()
    assert (await lab.outcome(first)).status == Status.FINISHED


async def test_a_failed_run_has_its_reason_and_does_not_block_the_next(tmp_path: Path) -> None:
    lab = fake_laboratory(FakeEngine(), tmp_path, FakeTargets(failing=("daphne",)))
    run = await lab.start(plan())
    await lab.outcome(run)
    stored_run = await stored(run)
    assert (stored_run.status, stored_run.problem) == (Status.FAILED, "daphne did not start")
    assert stored_run.log_tail == "its last line"
    other = make_plan(lab.project, scenario="sleep", lanes=["sync@gunicorn-sync"], requests=1)
    assert (await lab.outcome(await lab.start(other))).status == Status.FINISHED


async def test_closing_stops_what_runs(tmp_path: Path) -> None:
    engine = FakeEngine(hold=True)
    lab = fake_laboratory(engine, tmp_path)
    run = await lab.start(plan())
    await engine.holding.wait()
    await lab.close()
    assert (await stored(run)).status == Status.STOPPED
    assert engine.closed


def full(*_: object, **__: object) -> None:
    """Raise what Django raises when the database's disk is full."""
    cause = sqlite3.OperationalError("database or disk is full")
    cause.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OperationalError(*cause.args) from cause


async def test_a_disk_that_becomes_full_during_a_run_fails_it_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = fake_laboratory(FakeEngine(), tmp_path)
    with monkeypatch.context() as broken:
        broken.setattr(StoredFrame.objects, "acreate", full)
        run = await lab.start(plan())
        outcome = await lab.outcome(run)
    assert outcome.status == Status.FAILED
    assert "has no room left on its disk" in outcome.problem
    assert (await stored(run)).problem == outcome.problem


async def test_a_run_whose_end_cannot_be_stored_ends_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would be the first of the queue until the dashboard ends."""
    lab = fake_laboratory(FakeEngine(), tmp_path)
    tries = count()

    def full_twice(entry: Run, problem: str) -> None:
        if next(tries) < 2:
            full()
        run_queue_mark_failed(entry, problem)

    monkeypatch.setattr(laboratory_module, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(run_queue, "mark_failed", full_twice)
    with monkeypatch.context() as broken:
        broken.setattr(Store, "end", full)
        run = await lab.start(plan())
        next_run = await lab.start(plan())
        with pytest.raises(OperationalError):
            await lab.outcome(run)
    assert (await lab.outcome(next_run)).status == Status.FINISHED
    failed = await stored(run)
    assert failed.status == Status.FAILED
    assert "has no room left on its disk" in failed.problem
    assert next(tries) == 3
    await lab.close()
