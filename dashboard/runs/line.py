"""One run at a time, page and terminal together; the others wait in line.

The line is in the database, so that every process sees it: its members are the active
runs, the oldest first. Who may run is decided by a file lock, which the system takes back
from a process however it ends; a run whose owner is gone is marked as interrupted.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from asgiref.sync import sync_to_async

from dashboard.models import ACTIVE, Run, RunLane, Status
from dashboard.targets.manifest import Project
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan import Plan

from .planning import capacity, wait_s

LOOK_EVERY_S = 0.2


class TakenOut(LiveburstError):
    """The run was taken out of the line before its turn came."""


def join(plan: Plan, project: Project) -> Run:
    """Put a run at the end of the line; it belongs to this process."""
    scenario = project.scenarios[plan.scenario]
    run = Run.objects.create(
        plan=plan.to_json(),
        project=project.name,
        title=scenario.title,
        wait_s=wait_s(scenario, plan.parameters),
        owner_pid=os.getpid(),
        owner_started=psutil.Process().create_time(),
    )
    RunLane.objects.bulk_create(
        RunLane(
            run=run,
            position=position,
            name=str(lane),
            family=scenario.variants[lane.variant].family,
            capacity=capacity(project, scenario, lane),
            concurrency=project.server(lane.server).concurrency(
                scenario.variants[lane.variant].family
            ),
        )
        for position, lane in enumerate(plan.lanes)
    )
    return run


def standing() -> list[Run]:
    """Who stands in line, the one that runs first."""
    return list(Run.objects.filter(status__in=ACTIVE).order_by("created", "pk"))


def sweep() -> bool:
    """Mark active runs whose process is gone as interrupted; True when there were any."""
    gone = [run.pk for run in standing() if not owner_alive(run)]
    Run.objects.filter(pk__in=gone, status__in=ACTIVE).update(
        status=Status.INTERRUPTED, problem="The process that performed this run ended."
    )
    return bool(gone)


def owner_alive(run: Run) -> bool:
    """Whether the process that performs the run still lives (and is not another of its number)."""
    try:
        return bool(psutil.Process(run.owner_pid).create_time() == run.owner_started)
    except psutil.Error:
        return False


def interrupt_owner(run: Run) -> None:
    """Ask another process of ours to stop the run that it performs, as Ctrl-C would.

    Nobody is asked about a run that has ended meanwhile, and least of all this very process: the
    signal would end it.
    """
    run.refresh_from_db(fields=["status"])
    if run.owner_pid != os.getpid() and run.status in ACTIVE and owner_alive(run):
        psutil.Process(run.owner_pid).send_signal(signal.SIGINT)


def take_out(run: Run) -> bool:
    """Take a waiting run out of the line; False when its turn has come already."""
    taken = Run.objects.filter(pk=run.pk, status=Status.WAITING).update(status=Status.STOPPED)
    return taken == 1


@asynccontextmanager
async def turn(run: Run, lock_path: Path) -> AsyncIterator[None]:
    """Wait until it is this run's turn; the machine is its own inside the block.

    Raises TakenOut when somebody took it out of the line meanwhile.
    """
    with lock_path.open("a") as lock:
        # Other processes set no Event for us.
        while not await sync_to_async(_may_start)(run) or not _lock(lock.fileno()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        yield


@asynccontextmanager
async def if_free(lock_path: Path) -> AsyncIterator[bool]:
    """Whether nobody stands in line; then the machine is the block's own, which is to be brief."""
    with lock_path.open("a") as lock:
        yield not await sync_to_async(standing)() and _lock(lock.fileno())


def _may_start(run: Run) -> bool:
    sweep()
    line = standing()
    if run.pk not in [waiting.pk for waiting in line]:
        raise TakenOut("The run was taken out of the line.")
    return line[0].pk == run.pk


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
