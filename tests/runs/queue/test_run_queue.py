"""One run at a time, in order, across processes; an entry without its process blocks no other."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from dashboard.models import Run, Status
from dashboard.project.labtoml.load import load_manifest
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.web.shared.queue_chips import chips
from tests.runs.fakes import LIVEAPP

pytestmark = pytest.mark.django_db(transaction=True)
PROJECT = load_manifest(LIVEAPP)
PLAN = make_plan(PROJECT, scenario="sleep", requests=10, seed=1)


def join() -> Run:
    return run_queue.enqueue(PLAN, PROJECT)


def test_a_queued_run_is_stored_with_its_plan() -> None:
    run = Run.objects.get(pk=join().pk)
    assert run.status == Status.WAITING
    assert run.plan == PLAN.to_json()
    assert run.project == "liveapp"
    assert [(lane.name, lane.family, lane.capacity, lane.wait_s) for lane in run.lanes.all()] == [
        ("sync@gunicorn-gthread", "sync", 8, 0.1),
        ("sync@daphne", "sync", None, 0.1),
        ("async@daphne", "async", None, 0.1),
    ]


# Of an active run or experiment, as its row may be after damage.
DAMAGE = {
    "plan": "'{'",
    "report": "'" + "[" * 100_000 + "'",
    "environment": "CAST(x'ff' AS TEXT)",
    "title": "CAST(x'ff' AS TEXT)",
    "created": "'not a time'",
    "log_tail": "CAST(x'eda080' AS TEXT)",
    "discarded_rounds": "'x'",
}


def damage(table: str, pk: str, column: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute(f"UPDATE dashboard_{table} SET {column} = {value} WHERE id = %s", [pk])
        cursor.execute("PRAGMA ignore_check_constraints = OFF")


@pytest.mark.parametrize("column", DAMAGE)
async def test_a_row_that_cannot_be_read_does_not_stop_the_queue(
    column: str, tmp_path: Path
) -> None:
    damaged, next_run = await sync_to_async(join)(), await sync_to_async(join)()
    await sync_to_async(damage)("run", damaged.pk, column, DAMAGE[column])
    assert len(await sync_to_async(chips)()) == 2
    assert {entry.pk for entry in await sync_to_async(run_queue.queued)()} == {
        damaged.pk,
        next_run.pk,
    }
    await Run.objects.filter(pk=damaged.pk).aupdate(owner_pid=0)  # its process has ended
    async with asyncio.timeout(20), run_queue.turn(next_run, tmp_path / "lock"):
        assert await sync_to_async(run_queue.queued)() == [next_run]


def test_an_owner_that_is_no_process_is_gone() -> None:
    run = join()
    damage("run", run.pk, "owner_pid", "'x'")
    assert run_queue.mark_interrupted()
    assert Run.objects.get(pk=run.pk).status == Status.INTERRUPTED


async def test_turns_come_one_at_a_time_and_in_order(tmp_path: Path) -> None:
    runs = [await sync_to_async(join)() for _ in range(3)]
    order: list[str] = []

    async def take_turn(run: Run) -> None:
        async with run_queue.turn(run, tmp_path / "lock"):
            order.append(f"{run.pk} begins")
            await asyncio.sleep(0)
            order.append(f"{run.pk} ends")
            await Run.objects.filter(pk=run.pk).aupdate(status=Status.FINISHED)

    await asyncio.gather(*(take_turn(run) for run in reversed(runs)))
    assert order == [f"{run.pk} {word}" for run in runs for word in ("begins", "ends")]


async def test_another_process_with_the_lock_is_waited_for(tmp_path: Path) -> None:
    run = await sync_to_async(join)()
    with (tmp_path / "lock").open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiting = asyncio.create_task(run_queue.turn(run, tmp_path / "lock").__aenter__())
        done, _ = await asyncio.wait({waiting}, timeout=3 * run_queue.LOOK_EVERY_S)
        assert not done
        fcntl.flock(held, fcntl.LOCK_UN)
    await waiting


async def test_a_removed_run_is_not_performed(tmp_path: Path) -> None:
    first, second = await sync_to_async(join)(), await sync_to_async(join)()
    async with run_queue.turn(first, tmp_path / "lock"):
        waiting = asyncio.create_task(run_queue.turn(second, tmp_path / "lock").__aenter__())
        assert await sync_to_async(run_queue.remove)(second)
        with pytest.raises(run_queue.RemovedFromQueue):
            await waiting
    assert await sync_to_async(run_queue.queued)() == [first]


def test_a_run_that_has_begun_cannot_be_removed() -> None:
    run = join()
    Run.objects.filter(pk=run.pk).update(status=Status.RUNNING)
    assert not run_queue.remove(run)
    run.refresh_from_db()
    assert run.status == Status.RUNNING


@pytest.mark.processes
def test_a_run_without_its_process_is_interrupted() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    lost, alive = join(), join()
    Run.objects.filter(pk=lost.pk).update(owner_pid=gone.pid, status=Status.RUNNING)
    assert run_queue.mark_interrupted()
    lost.refresh_from_db()
    assert lost.status == Status.INTERRUPTED
    assert "ended" in lost.problem
    assert run_queue.queued() == [alive]
    assert not run_queue.mark_interrupted()


def test_a_later_process_with_the_same_pid_is_not_the_owner() -> None:
    run = join()
    assert run_queue.owner_alive(run)
    run.owner_started = psutil.Process().create_time() - 1000
    assert run.owner_pid == os.getpid()
    assert not run_queue.owner_alive(run)
