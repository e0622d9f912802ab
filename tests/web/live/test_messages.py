"""What a page's websocket may be sent: any other message closes it with a code, whatever it is."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from dashboard.runs.planning.plans import make_plan
from dashboard.runs.queue import run_queue
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.live import consumers
from dashboard.web.live.consumers import PageConsumer
from dashboard.web.shared.queue_chips import chips

NOT_UNDERSTOOD, NO_RUN = 4400, 4404
DEEP = "[" * 100_000

REFUSED = {
    " ": NOT_UNDERSTOOD,
    "text": NOT_UNDERSTOOD,
    "\0": NOT_UNDERSTOOD,
    "NaN": NOT_UNDERSTOOD,
    "1e999": NOT_UNDERSTOOD,
    "null": NOT_UNDERSTOOD,
    "[]": NOT_UNDERSTOOD,
    "{}": NOT_UNDERSTOOD,
    DEEP: NOT_UNDERSTOOD,
    '{"watch": ' + DEEP: NOT_UNDERSTOOD,
    '{"a": ' * 100_000: NOT_UNDERSTOOD,
    "9" * 5_000: NOT_UNDERSTOOD,
    '{"watch": null}': NOT_UNDERSTOOD,
    '{"watch": ["2345"]}': NOT_UNDERSTOOD,
    '{"seen": "1"}': NOT_UNDERSTOOD,
    '{"queue": 1}': NOT_UNDERSTOOD,
    '{"seen": 1.5}': NOT_UNDERSTOOD,
    '{"seen": NaN}': NOT_UNDERSTOOD,
    '{"watch": "none"}': NO_RUN,
    '{"watch": ""}': NO_RUN,
    '{"watch": "\\ud800"}': NO_RUN,
    '{"watch": "\\u0000"}': NO_RUN,
    '{"watch": "é", "replay": 1}': NO_RUN,
    '{"watch": "none", "replay": 1}': NO_RUN,
    '{"watch": "none", "replay": 1e999}': NO_RUN,
    '{"watch": "none", "replay": NaN}': NO_RUN,
    json.dumps({"watch": "x" * 100_000}): NO_RUN,
}


@pytest.mark.django_db(transaction=True)
async def test_a_message_that_is_not_understood_closes_the_websocket(
    laboratory: Laboratory,
) -> None:
    for message, code in REFUSED.items():
        page = WebsocketCommunicator(PageConsumer.as_asgi(), "/ws/")
        await page.connect()
        await page.send_to(text_data=message)
        closed = await page.receive_output()
        assert (closed["type"], closed["code"]) == ("websocket.close", code), message[:60]
        await page.disconnect()
    assert laboratory.hub.empty


@pytest.mark.django_db(transaction=True)
async def test_a_page_is_notified_if_its_queue_is_out_of_date(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "BEAT_S", 3600)
    page = WebsocketCommunicator(PageConsumer.as_asgi(), "/ws/")
    await page.connect()
    made = await sync_to_async(chips)()
    await page.send_json_to({"queue": made.version})
    assert await page.receive_nothing(0.05)
    plan = make_plan(laboratory.project, scenario="sleep", requests=4)
    await sync_to_async(run_queue.enqueue)(plan, laboratory.project)
    await page.send_json_to({"queue": made.version})
    assert await page.receive_json_from() == {"event": "line"}
    await page.send_json_to({"queue": (await sync_to_async(chips)()).version})
    assert await page.receive_nothing(0.05)
    await page.disconnect()


@pytest.mark.parametrize("count", [0, -1, 10**100, True])
@pytest.mark.django_db(transaction=True)
async def test_any_count_of_drawn_messages_is_taken(laboratory: Laboratory, count: int) -> None:
    page = WebsocketCommunicator(PageConsumer.as_asgi(), "/ws/")
    await page.connect()
    await page.send_json_to({"seen": count})
    assert await page.receive_nothing(0.05)
    await page.disconnect()
