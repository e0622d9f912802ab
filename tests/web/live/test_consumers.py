"""The heartbeat of the page's websocket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator

from dashboard.asgi import application
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.live import consumers
from dashboard.web.live.consumers import MOST_UNANSWERED, NO_ANSWER

from .test_replay import HEADERS


@pytest.fixture
async def socket(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[WebsocketCommunicator]:
    """An open websocket with a quick heartbeat."""
    monkeypatch.setattr(consumers, "BEAT_S", 0.001)
    made = WebsocketCommunicator(application, "/ws/", headers=HEADERS)
    assert (await made.connect())[0]
    yield made
    await made.disconnect()


async def beat(socket: WebsocketCommunicator) -> Any:
    message = await socket.receive_output(10)
    return json.loads(message["text"]) if "text" in message else message


async def test_a_page_that_answers_each_beat_stays(socket: WebsocketCommunicator) -> None:
    clocks = []
    for _ in range(3 * MOST_UNANSWERED):
        event = await beat(socket)
        assert event["event"] == "beat"
        clocks.append(event["now_ms"])
        await socket.send_json_to({"beat": 1})
    assert clocks == sorted(clocks)


async def test_a_silent_page_is_dropped(
    socket: WebsocketCommunicator, laboratory: Laboratory
) -> None:
    for _ in range(MOST_UNANSWERED):
        assert (await beat(socket))["event"] == "beat"
    assert await beat(socket) == {"type": "websocket.close", "code": NO_ANSWER}
    assert laboratory.hub.empty, "nothing is queued for it any more"
