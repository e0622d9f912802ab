"""One run at a time, page and terminal together; the others wait in line.

The line is in the database, so that every process sees it: its members are the active
experiments, and the active runs that belong to none; the oldest first. Who may run is decided by
a file lock, which the system takes back from a process however it ends; what has lost its owner
is marked as interrupted.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import psutil
from asgiref.sync import sync_to_async
from django.utils.timezone import now

from dashboard.models import ACTIVE, Experiment, Run, RunLane, Status
from dashboard.project.labtoml.load import Project
from dashboard.runs.planning.plans import capacity
from dashboard.runs.planning.prediction import Prediction
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan import Plan

LOOK_EVERY_S = 0.2

QueueEntry: TypeAlias = Run | Experiment  # who stands in line


class RemovedFromQueue(LiveburstError):
    """Somebody was taken out of the line before their turn came."""


def enqueue(
    plan: Plan,
    project: Project,
    *,
    claim: str = "",
    guess: Prediction | None = None,
    experiment: Experiment | None = None,
    position: int | None = None,
    label: str = "",
) -> Run:
    """Put a run at the end of the line; it belongs to this process.

    One that belongs to an experiment stands in the experiment's place, and never in line itself.
    """
    scenario = project.scenarios[plan.scenario]
    run = Run.objects.create(
        plan=plan.to_json(),
        project=project.name,
        claim=claim,
        guess=guess and guess.to_json(),
        title=scenario.title,
        experiment=experiment,
        position=position,
        label=label,
        **_owner(),
    )
    RunLane.objects.bulk_create(
        RunLane(
            run=run,
            position=position,
            name=str(lane),
            family=scenario.variants[lane.variant].family,
            capacity=capacity(project, scenario, lane),
            wait_s=scenario.wait_s(lane.variant, plan.parameters),
            concurrency=project.server(lane.server).concurrency(
                scenario.variants[lane.variant].family
            ),
        )
        for position, lane in enumerate(plan.lanes)
    )
    return run


def enqueue_experiment(
    kind: str, title: str, question: Mapping[str, Any], project: Project
) -> Experiment:
    """Put an experiment at the end of the line; it belongs to this process."""
    return Experiment.objects.create(
        kind=kind, title=title, question=question, project=project.name, **_owner()
    )


def _owner() -> dict[str, Any]:
    return {"owner_pid": os.getpid(), "owner_started": psutil.Process().create_time()}


def queued() -> list[QueueEntry]:
    """Who stands in line, the one that runs first."""
    members: list[QueueEntry] = [
        *Run.objects.filter(status__in=ACTIVE, experiment=None),
        *Experiment.objects.filter(status__in=ACTIVE),
    ]
    return sorted(members, key=lambda member: (member.created, member.pk))


async def number_ahead_of(member: QueueEntry) -> int:
    """Return how many stand in line before this run or experiment; 0 once its turn has come."""
    members = await sync_to_async(queued)()
    return members.index(member) if member in members else 0


def mark_interrupted() -> bool:
    """Mark what is active and has lost its process as interrupted; True when there was any."""
    message = "The process that performed this ended."
    runs = Run.objects.filter(pk__in=_lost(Run), status__in=ACTIVE)
    marked = runs.update(status=Status.INTERRUPTED, problem=message)
    experiments = Experiment.objects.filter(pk__in=_lost(Experiment), status__in=ACTIVE)
    marked += experiments.update(status=Status.INTERRUPTED, problem=message, ended=now())
    return marked > 0


def _lost(kind: type[Run] | type[Experiment]) -> list[str]:
    active = kind.objects.filter(status__in=ACTIVE)
    return [member.pk for member in active if not owner_alive(member)]


def owner_alive(member: QueueEntry) -> bool:
    """Whether the process that performs it still lives (and is not another of its number)."""
    try:
        return bool(psutil.Process(member.owner_pid).create_time() == member.owner_started)
    except psutil.Error:
        return False


def interrupt_owner(member: QueueEntry) -> None:
    """Ask another process of ours to stop what it performs, as Ctrl-C would.

    Nobody is asked about what has ended meanwhile, and least of all this very process: the
    signal would end it.
    """
    member.refresh_from_db(fields=["status"])
    if member.owner_pid != os.getpid() and member.status in ACTIVE and owner_alive(member):
        psutil.Process(member.owner_pid).send_signal(signal.SIGINT)


def remove(member: QueueEntry) -> bool:
    """Take somebody who waits out of the line; False when the turn has come already."""
    waiting = type(member).objects.filter(pk=member.pk, status=Status.WAITING)
    ended = {"ended": now()} if isinstance(member, Experiment) else {}
    return waiting.update(status=Status.STOPPED, **ended) == 1


@asynccontextmanager
async def turn(member: QueueEntry, lock_path: Path) -> AsyncIterator[None]:
    """Wait for this run's or experiment's turn; the machine is its own inside the block.

    Raises RemovedFromQueue when somebody took it out of the line meanwhile.
    """
    with lock_path.open("a") as lock:
        # Other processes set no Event for us.
        while not await sync_to_async(_may_start)(member) or not _lock(lock.fileno()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        yield


@asynccontextmanager
async def if_free(lock_path: Path) -> AsyncIterator[bool]:
    """Whether nobody stands in line; then the machine is the block's own, which is to be brief."""
    with lock_path.open("a") as lock:
        yield not await sync_to_async(queued)() and _lock(lock.fileno())


def _may_start(member: QueueEntry) -> bool:
    mark_interrupted()
    line = queued()
    if member not in line:
        raise RemovedFromQueue("It was taken out of the line.")
    return line[0] == member


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
