"""Follow the runs of other processes and changes of the queue."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextvars import Context

from asgiref.sync import sync_to_async
from django.db import DatabaseError

from dashboard.models import Run
from dashboard.runs.live.hub import Hub
from dashboard.runs.queue import run_queue
from dashboard.runs.reports.results import frames_of
from dashboard.web.shared.unreadable import concerns_all_runs
from dashboard.wire.frame import NOT_STORED, Frame, decode, encode, rows_to_columns

from .moments import STORING_NS

POLL_RUN_S = 0.2
POLL_QUEUE_S = 1.0

log = logging.getLogger(__name__)

# The event loop keeps only weak references to tasks.
_following: set[asyncio.Task[None]] = set()


def follow(hub: Hub, run: Run) -> None:
    """Publish the run from its beginning until it ends or has no viewers left."""
    hub.open(run.pk)
    # Its own context: the task outlives the websocket that caused it.
    task = asyncio.create_task(_follow_readable(hub, run), context=Context())
    _following.add(task)
    task.add_done_callback(_following.discard)


async def _follow_readable(hub: Hub, run: Run) -> None:
    """Follow the run; if what is stored of it is damaged, tell its viewers so."""
    try:
        await _follow(hub, run)
    except Exception as error:
        log.exception("Run %s cannot be followed", run.pk)
        hub.close(run.pk)
        if not concerns_all_runs(error):
            hub.send(run.pk, {"event": "unreadable"})


async def _follow(hub: Hub, run: Run) -> None:
    sequence = 0
    while True:
        # The status first: once it is final, every frame is stored.
        published = len(run.discarded_rounds)
        await run.arefresh_from_db(fields=["status", "discarded_rounds"])
        for number in run.discarded_rounds[published:]:
            hub.send(run.pk, {"event": "discarded", "round": number})
        newest: Frame | None = None
        for data in await sync_to_async(_stored_since)(run.pk, sequence):
            newest = decode(data)
            hub.publish(run.pk, sequence, newest)
            sequence += 1
        if newest is not None:
            hub.publish(run.pk, NOT_STORED, _clock(newest))
        if not run.active or run.pk not in hub.watched:
            break
        await asyncio.sleep(POLL_RUN_S)
    hub.complete(run.pk)
    hub.close(run.pk)
    if not run.active:
        hub.send(run.pk, {"event": "finished", "status": run.status})


def _clock(newest: Frame) -> Frame:
    """Return a `begun` frame without rows: pages draw up to this instant of the firing.

    What it is less than the newest instant is the time that samples may need to be stored.
    """
    newest_ns = max((*newest.columns.get("done", ()), *newest.columns.get("at", ())), default=0)
    data = encode(
        "begun",
        lane=newest.lane,
        round=newest.round,
        origin_ns=newest.origin_ns,
        columns=rows_to_columns("begun", []),
        extra={"at_ns": max(0, newest_ns - STORING_NS)},
    )
    return decode(data)


def _stored_since(run: str, sequence: int) -> Sequence[bytes]:
    return [data for _, data in frames_of(run, sequence)]


async def watch_queue(hub: Hub) -> None:
    """Notify every page of changes to the queue by any process. Never returns."""
    last: list[tuple[str, str]] = []
    while True:
        await asyncio.sleep(POLL_QUEUE_S)
        if hub.empty:
            continue
        try:
            now = await sync_to_async(_queue)()
        except DatabaseError as error:  # it may work again: a full disk can be emptied
            log.error("The queue cannot be read: %s", error)
            continue
        if now != last:
            hub.send_to_all({"event": "line"})
        last = now


def _queue() -> list[tuple[str, str]]:
    run_queue.mark_interrupted()
    return [(run.pk, run.status) for run in run_queue.queued()]
