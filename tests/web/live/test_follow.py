"""Following a run of another process: its frames are published as they are stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from dashboard.models import Run, Status, StoredFrame
from dashboard.runs.live.hub import Hub, Viewer
from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.web.live.follow import follow, watch_queue
from dashboard.wire import frame
from tests.runs.fakes import FakeTargets
from tests.targets.helpers import until_async

pytestmark = pytest.mark.django_db(transaction=True)


def other_run() -> Run:
    project = FakeTargets().project
    run = run_queue.enqueue(make_plan(project, scenario="sleep", requests=10, seed=1), project)
    Run.objects.filter(pk=run.pk).update(status=Status.RUNNING)
    return Run.objects.get(pk=run.pk)


async def store(run: Run, sequence: int) -> None:
    columns = frame.rows_to_columns("health", [{"at": sequence}])
    data = frame.encode("health", lane=0, round=1, origin_ns=0, columns=columns)
    await StoredFrame.objects.acreate(run=run, sequence=sequence, data=data)


async def heard(viewer: Viewer, until: Any) -> list[Any]:
    """Return the messages to the viewer, up to and including `until`, without the clock's."""
    received: list[Any] = []
    async with asyncio.timeout(10):
        while until not in received:
            message = await viewer.next_message()
            if isinstance(message, str):
                received.append(json.loads(message)["event"])
            else:
                numbers = [number for number, _ in frame.EnvelopeReader().feed(message)]
                received += [number for number in numbers if number != frame.NOT_STORED]
    return received


async def test_a_run_of_another_process_is_followed_to_its_end() -> None:
    hub, run = Hub(), await sync_to_async(other_run)()
    await store(run, 0)
    viewer = hub.join()
    hub.watch(viewer, run.pk, stored=0, active=True)
    follow(hub, run)
    assert await heard(viewer, 0) == ["watching", 0]
    await store(run, 1)
    assert await heard(viewer, 1) == [1]
    await store(run, 2)
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.FINISHED)
    assert await heard(viewer, "finished") == [2, "finished"]
    assert not hub.is_live(run.pk)


async def test_a_round_that_another_process_discards_is_published_once() -> None:
    hub, run = Hub(), await sync_to_async(other_run)()
    viewer = hub.join()
    hub.watch(viewer, run.pk, stored=0, active=True)
    follow(hub, run)
    await Run.objects.filter(pk=run.pk).aupdate(discarded_rounds=[2])
    assert await heard(viewer, "discarded") == ["watching", "discarded"]
    await store(run, 0)
    assert await heard(viewer, 0) == [0]
    await Run.objects.filter(pk=run.pk).aupdate(status=Status.FINISHED)
    assert await heard(viewer, "finished") == ["finished"]


async def test_a_run_without_viewers_is_not_followed() -> None:
    hub, run = Hub(), await sync_to_async(other_run)()
    follow(hub, run)
    assert await until_async(lambda: not hub.is_live(run.pk))


async def test_every_page_is_notified_when_another_process_changes_the_queue() -> None:
    hub = Hub()
    viewer = hub.join()
    watching = asyncio.create_task(watch_queue(hub))
    try:
        run = await sync_to_async(other_run)()
        assert await heard(viewer, "line") == ["line"]
        await Run.objects.filter(pk=run.pk).aupdate(status=Status.FINISHED)
        assert await heard(viewer, "line") == ["line"]
    finally:
        watching.cancel()
