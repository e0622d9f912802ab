"""One run at a time, from page and terminal together; the others are queued.

The queue is in the database, so that every process sees it: its entries are the active
experiments, the active runs that belong to none, and the active samplings, the oldest first. A
file lock decides which process may run, since the system releases it however that process ends. An
entry whose process is gone is marked as interrupted.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeAlias, TypedDict, TypeVar

import psutil
from asgiref.sync import sync_to_async
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils.timezone import now

from dashboard.models import ACTIVE, Experiment, Run, RunLane, Sampling, Status
from dashboard.project.project import Project
from dashboard.runs.planning.plans import capacity
from dashboard.runs.planning.prediction import Prediction
from dashboard.wire.errors import LiveburstError
from dashboard.wire.plan.plan import Plan
from dashboard.wire.report.advice import AdviceUnderTest
from dashboard.wire.stored.questions import Question

LOOK_EVERY_S = 0.2

QueueEntry: TypeAlias = Run | Experiment | Sampling
Entry = TypeVar("Entry", Run, Experiment, Sampling)
# Those whose rows have the instant at which they ended.
ENDED: tuple[type[Experiment] | type[Sampling], ...] = (Experiment, Sampling)


class RemovedFromQueue(LiveburstError):
    """A run or experiment was removed from the queue before its turn."""


def enqueue(
    plan: Plan,
    project: Project,
    *,
    claim: str = "",
    guess: Prediction | None = None,
    tested_advice: AdviceUnderTest | None = None,
    experiment: Experiment | None = None,
    position: int | None = None,
    label: str = "",
) -> Run:
    """Put a run at the end of the queue; it belongs to this process.

    A run of an experiment takes the experiment's place and is no entry itself.
    """
    run = Run.objects.create(
        plan=plan.to_json(),
        project=project.name,
        claim=claim,
        guess=None if guess is None else guess.to_json(),
        tested_advice=tested_advice,
        advised_by=tested_advice["run"] if tested_advice else "",
        title=project.scenarios[plan.scenario].title,
        experiment=experiment,
        position=position,
        label=label,
        **_owner(),
    )
    RunLane.objects.bulk_create(_lanes(run, plan, project))
    return run


def _lanes(run: Run, plan: Plan, project: Project) -> Iterator[RunLane]:
    scenario = project.scenarios[plan.scenario]
    for position, lane in enumerate(plan.lanes):
        family = scenario.variants[lane.variant].family
        yield RunLane(
            run=run,
            position=position,
            name=str(lane),
            family=family,
            capacity=capacity(project, scenario, lane),
            wait_s=scenario.wait_s(lane.variant, plan.parameters),
            concurrency=project.server(lane.server).concurrency(family),
        )


def enqueue_experiment(kind: str, title: str, question: Question, project: Project) -> Experiment:
    """Put an experiment at the end of the queue; it belongs to this process."""
    return Experiment.objects.create(
        kind=kind, title=title, question=question, project=project.name, **_owner()
    )


def enqueue_sampling(scenario: str, project: Project, run: Run | None = None) -> Sampling:
    """Put a sampling at the end of the queue; it belongs to this process, and maybe to a run.

    Of the samplings of a run that have ended, none is kept: its lanes have what they saw.
    """
    Sampling.objects.filter(run=run).exclude(status__in=ACTIVE).delete()
    return Sampling.objects.create(scenario=scenario, project=project.name, run=run, **_owner())


class _Owner(TypedDict):
    owner_pid: int
    owner_started: float


def _owner() -> _Owner:
    return {"owner_pid": os.getpid(), "owner_started": psutil.Process().create_time()}


def queued() -> list[QueueEntry]:
    """Return the entries of the queue, the running one first.

    Fields other than the status are read when they are used: a row with one that is damaged would
    otherwise stop the queue.
    """
    runs = _with_status(Run).filter(status__in=ACTIVE, experiment=None)
    experiments = _with_status(Experiment).filter(status__in=ACTIVE)
    samplings = _with_status(Sampling).filter(status__in=ACTIVE)
    entries: list[QueueEntry] = [*runs, *experiments, *samplings]
    return sorted(entries, key=_place)


def _with_status(kind: type[Entry]) -> QuerySet[Entry]:
    """Return a query for the status alone; `queued_at` is the time of creation as its text."""
    return kind.objects.only("status").annotate(queued_at=Cast("created", CharField()))


def _place(entry: QueueEntry) -> tuple[str, str]:
    """Return what the queue is sorted by."""
    return str(getattr(entry, "queued_at", "")), entry.pk


async def number_ahead_of(entry: QueueEntry) -> int:
    """Return how many entries are ahead in the queue; 0 once its turn has come."""
    entries = await sync_to_async(queued)()
    return entries.index(entry) if entry in entries else 0


def mark_interrupted() -> bool:
    """Mark active entries whose process is gone as interrupted; return True if there were any."""
    message = "The process that performed this ended."
    runs = Run.objects.filter(pk__in=_lost(Run), status__in=ACTIVE)
    marked = runs.update(status=Status.INTERRUPTED, problem=message)
    ended = {"status": Status.INTERRUPTED, "problem": message, "ended": now()}
    for kind in ENDED:
        marked += kind.objects.filter(pk__in=_lost(kind), status__in=ACTIVE).update(**ended)
    return marked > 0


def mark_failed(entry: QueueEntry, problem: str) -> None:
    """Mark an active entry as failed, with its runs if it is an experiment."""
    failed = {"status": Status.FAILED, "problem": problem}
    Run.objects.filter(pk=entry.pk, status__in=ACTIVE).update(**failed)
    Run.objects.filter(experiment=entry.pk, status__in=ACTIVE).update(**failed)
    for kind in ENDED:
        kind.objects.filter(pk=entry.pk, status__in=ACTIVE).update(**failed, ended=now())


def _lost(kind: type[Run] | type[Experiment] | type[Sampling]) -> list[str]:
    active = kind.objects.filter(status__in=ACTIVE).only("owner_pid", "owner_started")
    return [entry.pk for entry in active if not owner_alive(entry)]


def owner_alive(entry: QueueEntry) -> bool:
    """Return True if the process that performs it lives, and is not a later one with its pid."""
    try:
        return bool(psutil.Process(entry.owner_pid).create_time() == entry.owner_started)
    except (psutil.Error, TypeError, ValueError, OverflowError):  # the last three: a damaged row
        return False


def interrupt_owner(entry: QueueEntry) -> None:
    """Send SIGINT, as Ctrl-C does, to the other process that performs an active entry.

    Never to this process, which the signal would end, nor for an entry that has ended meanwhile.
    """
    entry.refresh_from_db(fields=["status"])
    if entry.owner_pid != os.getpid() and entry.status in ACTIVE and owner_alive(entry):
        psutil.Process(entry.owner_pid).send_signal(signal.SIGINT)


def remove(entry: QueueEntry) -> bool:
    """Remove a waiting entry from the queue; return False if its turn has already come."""
    waiting = type(entry).objects.filter(pk=entry.pk, status=Status.WAITING)
    ended = {} if isinstance(entry, Run) else {"ended": now()}
    return waiting.update(status=Status.STOPPED, **ended) == 1


@asynccontextmanager
async def turn(entry: QueueEntry, lock_path: Path) -> AsyncIterator[None]:
    """Wait for the entry's turn, and hold the machine inside the block.

    Raises RemovedFromQueue if it was removed meanwhile.
    """
    with lock_path.open("a") as lock:
        # Polled: an asyncio.Event cannot be set from another process.
        while not await sync_to_async(_may_start)(entry) or not _lock(lock.fileno()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_EVERY_S)
        yield


@asynccontextmanager
async def if_free(lock_path: Path) -> AsyncIterator[bool]:
    """Yield True if the queue is empty, and then hold the machine inside the block, briefly."""
    with lock_path.open("a") as lock:
        yield not await sync_to_async(queued)() and _lock(lock.fileno())


@asynccontextmanager
async def when_free(lock_path: Path) -> AsyncIterator[None]:
    """Wait until the queue is empty, and hold the machine inside the block."""
    while True:
        await sync_to_async(mark_interrupted)()
        async with if_free(lock_path) as free:
            if free:
                yield
                return
        await asyncio.sleep(LOOK_EVERY_S)


def _may_start(entry: QueueEntry) -> bool:
    mark_interrupted()
    entries = queued()
    if entry not in entries:
        raise RemovedFromQueue("It was removed from the queue.")
    return entries[0] == entry


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
