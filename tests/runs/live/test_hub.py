"""A slow viewer slows no other, and can fetch what it missed."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.runs.live import hub as hub_module
from dashboard.runs.live.hub import Hub, Viewer
from dashboard.runs.live.sample_rule import in_sample
from dashboard.wire import frame
from dashboard.wire.events import BeganEvent, TargetEvent

FRAME = frame.decode(
    frame.encode(
        "health", lane=0, round=1, origin_ns=0, columns=frame.rows_to_columns("health", [])
    )
)


async def drain(viewer: Viewer) -> list[Any]:
    """Return everything that could be sent now: events as dicts, frames as their numbers."""
    received: list[Any] = []
    while True:
        try:
            message = await asyncio.wait_for(viewer.next_message(), 0.01)
        except TimeoutError:
            return received
        if isinstance(message, str):
            received.append(json.loads(message))
        else:
            received += [number for number, _ in frame.EnvelopeReader().feed(message)]


def watching(hub: Hub, run: str = "r", *, stored: int = 0) -> Viewer:
    viewer = hub.join()
    hub.watch(viewer, run, stored=stored, active=True)
    return viewer


async def test_a_viewer_from_the_beginning_gets_everything_in_order() -> None:
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    for number in range(3):
        hub.publish("r", number, FRAME)
    first, *numbers = await drain(viewer)
    assert first == {"event": "watching", "run": "r", "next": 0, "live": True}
    assert numbers == [0, 1, 2]


async def test_a_late_viewer_is_sent_where_live_frames_begin() -> None:
    hub = Hub()
    hub.open("r")
    for number in range(5):
        hub.publish("r", number, FRAME)
    viewer = watching(hub, stored=3)  # looked up a moment ago; the hub knows better
    hub.publish("r", 5, FRAME)
    first, *numbers = await drain(viewer)
    assert first["next"] == 5
    assert numbers == [5]


def begun(*requests: int, at_ns: int = 0, **more: int) -> frame.Frame:
    columns = frame.rows_to_columns("begun", [{"request": n, "due": n + 5} for n in requests])
    extra = cast(frame.FrameExtra, {"at_ns": at_ns, **more})
    data = frame.encode("begun", lane=0, round=1, origin_ns=0, columns=columns, extra=extra)
    return frame.decode(data)


def finished(*requests: int) -> frame.Frame:
    rows = [{"request": n, "due": n + 5, "done": 90, "status": 200, "error": 0} for n in requests]
    columns = frame.rows_to_columns("samples", rows)
    data = frame.encode("samples", lane=0, round=1, origin_ns=0, columns=columns)
    return frame.decode(data)


async def messages(viewer: Viewer) -> list[Any]:
    """Return everything that could be sent now: events as dicts, frames decoded."""
    received: list[Any] = []
    while True:
        try:
            message = await asyncio.wait_for(viewer.next_message(), 0.01)
        except TimeoutError:
            return received
        if isinstance(message, str):
            received.append(json.loads(message))
        else:
            envelopes = frame.EnvelopeReader().feed(message)
            received += [frame.decode(payload) for _, payload in envelopes]


BEGAN: BeganEvent = {"event": "began", "lane": 0, "round": 1}


async def test_a_late_viewer_is_sent_what_is_in_flight_and_nothing_that_has_finished() -> None:
    hub = Hub()
    hub.open("r")
    hub.send("r", BEGAN)
    hub.publish("r", frame.NOT_STORED, begun(0, 1, 2, at_ns=40))
    hub.publish("r", 0, finished(1))
    hub.publish("r", frame.NOT_STORED, begun(2000, at_ns=90))
    _, began, snapshot = await messages(watching(hub))
    assert began == {**BEGAN, "run": "r"}
    assert list(snapshot.columns["request"]) == [0, 2, 2000]
    assert list(snapshot.columns["due"]) == [5, 7, 2005]
    assert snapshot.extra == {"at_ns": 90, "snapshot": 1}
    hub.send("r", {"event": "fired", "lane": 0, "round": 1})
    events = [item["event"] for item in (await messages(watching(hub)))[:-1]]
    assert events == ["watching", "began", "fired"]
    hub.send("r", BEGAN)
    assert (await drain(watching(hub)))[1:] == [{**BEGAN, "run": "r"}]


async def test_the_clock_of_a_snapshot_is_that_of_the_load_generator_that_is_behind() -> None:
    hub = Hub()
    hub.open("r")
    hub.publish("r", frame.NOT_STORED, begun(0, at_ns=40, engine=0, engines=2))
    assert (await messages(watching(hub)))[1].extra["at_ns"] == 0
    hub.publish("r", frame.NOT_STORED, begun(1, at_ns=30, engine=1, engines=2))
    assert (await messages(watching(hub)))[1].extra["at_ns"] == 30


async def test_a_viewer_that_skipped_frames_continues_with_what_is_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_UNSEEN", 1)
    monkeypatch.setattr(hub_module, "MAX_QUEUED_BYTES", 400)
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    await drain(viewer)
    hub.publish("r", frame.NOT_STORED, begun(0, 1))
    assert len(await drain(viewer)) == 1
    hub.publish("r", 0, finished(0))
    hub.publish("r", frame.NOT_STORED, begun(2, at_ns=95))
    viewer.seen(1)
    gap, snapshot = await messages(viewer)
    assert (gap["event"], gap["from"], gap["to"]) == ("gap", 0, 1)
    assert list(snapshot.columns["request"]) == [1, 2]
    assert snapshot.extra == {"at_ns": 95, "snapshot": 1}


async def test_a_late_viewer_of_a_dense_stream_is_sent_the_sample_that_is_in_flight() -> None:
    hub = Hub()
    hub.open("r")
    for number in range(25):
        hub.publish("r", number, dense_frame(number))
    requests = range(100_000, 100_064)
    hub.publish("r", frame.NOT_STORED, begun(*requests, at_ns=300_000_000))
    counts, snapshot = (await messages(watching(hub)))[1:]
    assert counts.extra["in_flight"] == 64
    expected = in_sample(np.array(requests, np.uint32), counts.extra["every"])
    assert list(snapshot.columns["request"]) == list(np.array(requests)[expected])


async def test_a_late_viewer_is_sent_how_long_each_target_has_been_starting() -> None:
    hub = Hub()
    hub.open("r")
    hub.send("r", {"event": "starting"})
    hub.send("r", {"event": "target", "lane": 0, "state": "ready"})
    starting: TargetEvent = {"event": "target", "lane": 1, "state": "starting", "message": "s"}
    hub.send("r", starting)
    hub.send("r", {**starting, "message": "starting for 3 s"})
    _, first, ready, waiting = await messages(watching(hub))
    assert first["event"] == "starting"
    assert (ready["lane"], ready["state"]) == (0, "ready")
    assert (waiting["lane"], waiting["message"]) == (1, "starting for 3 s")
    later = (await messages(watching(hub)))[3]
    assert later["waited_s"] > waiting["waited_s"] >= 0


async def test_a_viewer_receives_only_its_own_run_and_the_queue() -> None:
    hub = Hub()
    hub.open("r")
    hub.open("other")
    viewer = watching(hub)
    hub.publish("other", 0, FRAME)
    hub.send("other", {"event": "fired", "lane": 0, "round": 1})
    hub.send_to_all({"event": "line"})
    assert [item["event"] for item in await drain(viewer)] == ["watching", "line"]


async def test_watching_another_run_drops_the_frames_of_the_last() -> None:
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    hub.publish("r", 0, FRAME)
    hub.watch(viewer, "finished", stored=9, active=False)
    events = await drain(viewer)
    assert events[-1] == {"event": "watching", "run": "finished", "next": 9, "live": False}
    assert 0 not in events


async def test_too_many_messages_in_flight_wait_for_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_UNSEEN", 2)
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    received = []
    for number in range(5):
        hub.publish("r", number, FRAME)
        received += await drain(viewer)
    assert received[1:] == [0, 1]
    viewer.seen(1)
    assert await drain(viewer) == [2, 3, 4]  # in one message
    hub.publish("r", 5, FRAME)
    assert await drain(viewer) == []
    viewer.seen(2)
    assert await drain(viewer) == [5]


async def test_frames_that_wait_are_one_message_up_to_the_next_event(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    envelope = frame.envelop(0, FRAME.data)
    monkeypatch.setattr(hub_module, "MESSAGE_BYTES", 2 * len(envelope))
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    await drain(viewer)
    for number in range(3):
        hub.publish("r", number, FRAME)
    hub.send("r", BEGAN)
    hub.publish("r", 3, FRAME)
    sizes = [len(await viewer.next_message()) // len(envelope) for _ in range(2)]
    assert sizes == [2, 1]
    assert await drain(viewer) == [{**BEGAN, "run": "r"}, 3]


async def test_a_slow_viewer_skips_frames_and_is_sent_the_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_UNSEEN", 1)
    monkeypatch.setattr(hub_module, "MAX_QUEUED_BYTES", 3 * len(frame.envelop(0, FRAME.data)))
    hub = Hub()
    hub.open("r")
    slow, quick = watching(hub), watching(hub)
    seen_by_quick: list[Any] = []
    assert len(await drain(slow)) == 1
    for number in range(20):
        hub.publish("r", number, FRAME)
        seen_by_quick += await drain(quick)
        quick.seen(number + 1)
    assert seen_by_quick[1:] == list(range(20))
    assert await drain(slow) == [{"event": "gap", "run": "r", "from": 0, "to": 20}]
    hub.publish("r", 20, FRAME)
    assert await drain(slow) == [20]


@given(st.lists(st.sampled_from(["publish", "begun", "seen", "send"]), max_size=60))
def test_at_any_pace_frames_and_gaps_together_are_complete(moves: list[str]) -> None:
    asyncio.run(_play(moves))


async def _play(moves: list[str]) -> None:
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hub_module, "MAX_UNSEEN", 2)
        patch.setattr(hub_module, "MAX_QUEUED_BYTES", 3 * len(frame.envelop(0, FRAME.data)))
        published, got = 0, []
        for move in [*moves, *["seen", "send"] * 10]:
            if move == "publish":
                hub.publish("r", published, FRAME)
                published += 1
            elif move == "begun":
                hub.publish("r", frame.NOT_STORED, FRAME)
            elif move == "seen":
                viewer.seen(10**6)
            else:
                got += _now(viewer)
    numbers = [item for item in got if isinstance(item, int) and item != frame.NOT_STORED]
    gaps = [item for item in got if isinstance(item, dict) and item["event"] == "gap"]
    missed = [number for gap in gaps for number in range(gap["from"], gap["to"])]
    assert sorted(numbers + missed) == list(range(published))


def _now(viewer: Viewer) -> list[Any]:
    """Return what can be sent without waiting, by stepping the coroutine by hand."""
    received: list[Any] = []
    while True:
        step = viewer.next_message()
        try:
            step.send(None)
        except StopIteration as sent:
            message = sent.value
        else:
            step.close()
            return received
        if isinstance(message, str):
            received.append(json.loads(message))
        else:
            received += [number for number, _ in frame.EnvelopeReader().feed(message)]


def dense_frame(number: int) -> frame.Frame:
    """Return a frame of 1,000 requests that were done in the same 10 ms."""
    first = number * 1_000
    rows = [{"request": first + i, "due": 0, "done": number * 10_000_000 + i} for i in range(1_000)]
    columns = frame.rows_to_columns("samples", [{"status": 200, "error": 0, **row} for row in rows])
    data = frame.encode("samples", lane=0, round=1, origin_ns=0, columns=columns)
    return frame.decode(data)


async def test_a_dense_stream_is_thinned_and_fetched_whole_at_the_end() -> None:
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    for number in range(25):
        hub.publish("r", number, dense_frame(number))
    _, *numbers = await drain(viewer)
    assert numbers == [*range(20), *[frame.NOT_STORED] * 10]  # a sample and counts for each
    hub.complete("r")
    assert await drain(viewer) == [{"event": "gap", "run": "r", "from": 20, "to": 25}]
    late = watching(hub)
    assert (await drain(late))[0]["next"] == 25


async def test_a_stream_that_was_never_dense_has_no_gap() -> None:
    hub = Hub()
    hub.open("r")
    viewer = watching(hub)
    hub.publish("r", 0, dense_frame(0))
    hub.complete("r")
    assert (await drain(viewer))[1:] == [0]


async def test_a_slow_viewer_of_a_dense_stream_fetches_whole_frames(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub_module, "MAX_QUEUED_BYTES", 20_000)
    hub = Hub()
    hub.open("r", 0)
    for number in range(25):
        hub.publish("r", number, dense_frame(number))
    viewer = watching(hub)
    for number in range(25, 32):
        hub.publish("r", number, dense_frame(number))
    gaps = [
        item for item in await drain(viewer) if isinstance(item, dict) and item["event"] == "gap"
    ]
    assert gaps == [{"event": "gap", "run": "r", "from": 25, "to": 32}]
