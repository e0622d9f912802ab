"""A damaged run is reported to its page by the websocket, which stays open."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient

from dashboard.asgi import application
from dashboard.models import Run, Status, StoredFrame
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.live import consumers
from tests.web.bench.test_runs import HTMX, finished
from tests.web.history.test_unreadable_runs import RAW, store_raw

from .test_replay import HEADERS


@pytest.fixture
async def socket(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WebsocketCommunicator]:
    """An open websocket without a heartbeat."""
    monkeypatch.setattr(consumers, "BEAT_S", 3600)
    made = WebsocketCommunicator(application, "/ws/", headers=HEADERS)
    assert (await made.connect())[0]
    yield made
    await made.disconnect()


async def next_event(socket: WebsocketCommunicator, *names: str) -> Any:
    """Return the next event of one of these names; frames and other events are passed over."""
    while True:
        message = await socket.receive_output(10)
        assert message["type"] == "websocket.send", message
        if (event := json.loads(message.get("text") or "{}")).get("event") in names:
            return event


async def check_open(socket: WebsocketCommunicator, other: Run) -> None:
    """Check that the same socket still serves another run."""
    await socket.send_json_to({"watch": other.pk})
    assert (await next_event(socket, "watching", "unreadable"))["run"] == other.pk


@pytest.mark.parametrize("rounds", ["'7'", "'1e999'", "'null'"])
@pytest.mark.parametrize("speed", [None, 4])
async def test_the_page_is_told_that_its_run_is_damaged(
    rounds: str, speed: float | None, socket: WebsocketCommunicator, laboratory: Laboratory
) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    await store_raw("dashboard_run", "discarded_rounds", rounds, odd.pk)
    await socket.send_json_to({"watch": odd.pk} | ({"replay": speed} if speed else {}))
    assert await next_event(socket, "unreadable") == {"event": "unreadable", "run": odd.pk}
    await check_open(socket, other)


async def test_a_damaged_frame_ends_its_replay(
    socket: WebsocketCommunicator, laboratory: Laboratory
) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    await StoredFrame.objects.filter(run=odd).aupdate(data=b"no frame")
    await socket.send_json_to({"watch": odd.pk, "replay": 4})
    assert await next_event(socket, "unreadable") == {"event": "unreadable", "run": odd.pk}
    await check_open(socket, other)


async def test_a_damaged_run_of_another_process_is_reported(
    socket: WebsocketCommunicator, laboratory: Laboratory
) -> None:
    odd, other = await finished(laboratory), await finished(laboratory)
    await Run.objects.filter(pk=odd.pk).aupdate(status=Status.RUNNING)  # as if it were another's
    await StoredFrame.objects.filter(run=odd).aupdate(data=b"no frame")
    await socket.send_json_to({"watch": odd.pk})
    assert await next_event(socket, "unreadable") == {"event": "unreadable", "run": odd.pk}
    assert not laboratory.hub.is_live(odd.pk)
    await check_open(socket, other)


@pytest.mark.parametrize("column", ["plan", "report", "created", "warnings"])
async def test_what_is_not_needed_to_watch_a_run_may_be_damaged(
    column: str, socket: WebsocketCommunicator, laboratory: Laboratory
) -> None:
    odd = await finished(laboratory)
    await store_raw("dashboard_run", column, RAW[column], odd.pk)
    await socket.send_json_to({"watch": odd.pk})
    assert (await next_event(socket, "watching", "unreadable"))["event"] == "watching"


async def test_the_stage_of_such_a_run_is_that_it_cannot_be_shown(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    page = (await browser.get(f"/runs/{run.pk}/")).content.decode()
    address = f"/runs/{run.pk}/stage/?unreadable=1"
    assert f'hx-get="{address}" hx-trigger="liveburst:unreadable from:body"' in page
    part = await browser.get(address, headers=HTMX)
    text = part.content.decode()
    assert part.status_code == 422
    assert f"The run {run.pk} cannot be shown" in text
    assert f"/runs/{run.pk}/delete/" in text
    assert "<html" not in text
    assert (await browser.get("/runs/none/stage/?unreadable=1")).status_code == 404
