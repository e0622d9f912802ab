"""A replay repeats a live run's messages in order, at the requested speed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from django.test import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from dashboard.asgi import application
from dashboard.models import Run, Status
from dashboard.runs.live import hub as hub_module
from dashboard.runs.live.hub import Viewer
from dashboard.runs.queue.laboratory import Laboratory
from dashboard.web.live import moments as module
from dashboard.web.live.moments import Moment, moments
from dashboard.web.live.replay import replay
from dashboard.wire import frame
from dashboard.wire.frame import NOT_STORED, UNKNOWN
from dashboard.wire.units import NS_PER_MS as MS
from tests.web.bench.test_runs import finished

PIECE_NS = 50 * MS
HEADERS = [(b"host", b"127.0.0.1"), (b"origin", b"http://127.0.0.1")]
Row = tuple[int, int, int]  # due, sent_first, done in milliseconds


def samples(rows: Sequence[Row], *, lane: int = 0, round: int = 1, origin_ms: int = 0) -> bytes:
    """Return a stored frame of requests numbered in the order of `rows`."""
    columns = frame.rows_to_columns(
        "samples",
        [
            {
                "request": number,
                "due": due * MS,
                "sent_first": sent if sent == UNKNOWN else sent * MS,
                "done": done * MS,
                "status": 200,
                "error": 0,
            }
            for number, (due, sent, done) in enumerate(rows)
        ],
    )
    return frame.encode(
        "samples", lane=lane, round=round, origin_ns=origin_ms * MS, columns=columns
    )


def replayed(
    *frames: bytes, discarded: Sequence[int] = (), piece_ns: int = PIECE_NS
) -> list[Moment]:
    run = Run(status=Status.FINISHED, discarded_rounds=list(discarded))
    return list(moments(run, enumerate(frames), piece_ns))


def story(moments: Sequence[Moment]) -> list[tuple[float, Any]]:
    """Return each moment in milliseconds, with its event or its frame's kind and requests.

    The clock's ticks are left out.
    """
    entries: list[tuple[float, Any]] = []
    for moment in moments:
        if moment.event:
            entries.append((moment.at_ns / MS, " ".join(map(str, moment.event.values()))))
        elif (decoded := frame.decode(moment.data)).rows:
            entries.append((moment.at_ns / MS, (decoded.kind, list(decoded.columns["request"]))))
    return entries


def test_bars_begin_when_their_requests_were_due_and_end_when_they_were_done() -> None:
    assert story(replayed(samples([(0, 1, 120), (60, 61, 180)]))) == [
        (0, "began 0 1"),
        (0, ("begun", [0])),
        (60, ("begun", [1])),
        (120, ("samples", [0])),  # ahead of its frame, which was stored when both were done
        (180, ("samples", [0, 1])),
        (180, "fired 0 1"),
        (180, "finished finished"),
    ]


def decoded_of(moments: Sequence[Moment]) -> list[frame.Frame]:
    """Return the frames that are not stored."""
    return [
        frame.decode(moment.data)
        for moment in moments
        if moment.data and moment.sequence == NOT_STORED
    ]


def test_a_request_that_waits_for_a_connection_has_two_starts() -> None:
    begun = [part.columns for part in decoded_of(replayed(samples([(0, 110, 200)]))) if part.rows]
    assert [list(columns["sent_first"]) for columns in begun] == [[UNKNOWN], [110 * MS]]


def test_the_clock_ticks_while_nothing_begins_or_ends() -> None:
    ticks = [part for part in decoded_of(replayed(samples([(0, 1, 260)]))) if not part.rows]
    assert [tick.extra["at_ns"] / MS for tick in ticks] == [50, 100, 150, 200, 250]


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)).map(sorted), min_size=1))
def test_the_clock_is_never_ahead_of_what_was_sent(pairs: list[list[int]]) -> None:
    """So no bar in flight is drawn longer than it turns out to be."""
    rows = sorted(((due, due, done) for due, done in pairs), key=lambda row: row[2])
    clock_ns = 0
    known: set[int] = set()
    for moment in replayed(samples(rows[: len(rows) // 2]), samples(rows)):
        if not moment.data:
            continue
        decoded = frame.decode(moment.data)
        clock_ns = max(clock_ns, decoded.extra.get("at_ns", 0))
        if decoded.kind == "samples":
            columns = zip(decoded.columns["request"], decoded.columns["done"], strict=True)
            for request, done in columns:
                assert request in known or done >= clock_ns
                known.add(request)


def test_rounds_follow_each_other_and_long_pauses_are_shortened() -> None:
    first = samples([(0, 1, 100)], origin_ms=5_000)
    soon = samples([(0, 1, 40)], round=2, origin_ms=5_300)
    late = samples([(0, 1, 40)], round=3, origin_ms=65_340)
    events = [
        entry
        for entry in story(replayed(first, soon, late, discarded=[2]))
        if isinstance(entry[1], str)
    ]
    assert events == [
        (0, "began 0 1"),
        (100, "fired 0 1"),
        (300, "began 0 2"),
        (340, "fired 0 2"),
        (340, "discarded 2"),
        (1_340, "began 0 3"),
        (1_380, "fired 0 3"),
        (1_380, "finished finished"),
    ]


def test_frames_that_are_not_drawn_keep_their_place() -> None:
    row = {"request": 0, "due": 0, "done": 90 * MS, "status": 200, "error": 0}
    columns = frame.rows_to_columns("neighbour", [row])
    neighbour = frame.encode("neighbour", lane=0, round=1, origin_ns=0, columns=columns)
    kinds = [
        entry[1][0]
        for entry in story(replayed(samples([(0, 1, 60)]), neighbour))
        if not isinstance(entry[1], str)
    ]
    assert kinds == ["begun", "samples", "neighbour"]


rows_of_a_firing = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 400), st.integers(0, 400)).map(
        lambda numbers: (min(numbers), sorted(numbers)[1], max(numbers))
    ),
    min_size=1,
    max_size=20,
)


@given(st.lists(rows_of_a_firing, min_size=1, max_size=5), st.sampled_from([12, 50, 200]))
def test_time_never_goes_back_and_every_frame_comes_whole(
    firings: list[list[Row]], piece_ms: int
) -> None:
    frames = [samples(sorted(rows, key=lambda row: row[2])) for rows in firings]
    moments = replayed(*frames, piece_ns=piece_ms * MS)
    times = [moment.at_ns for moment in moments]
    assert times == sorted(times)
    assert [moment.data for moment in moments if moment.sequence != NOT_STORED] == frames
    for moment in moments:
        if moment.data and moment.sequence == NOT_STORED:
            columns = frame.decode(moment.data).columns
            assert max(columns.get("done", columns["due"]), default=0) <= moment.at_ns


def test_reading_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AHEAD_ROWS", 50)
    read = 0

    def stored() -> Iterator[tuple[int, bytes]]:
        nonlocal read
        for read in range(1_000):
            yield read, samples([(at, at, 10 * read + at) for at in range(10)])

    run = Run(status=Status.FINISHED, discarded_rounds=[])
    for moment in moments(run, stored(), PIECE_NS):
        if moment.sequence != NOT_STORED:
            assert read - moment.sequence <= 6
    assert read == 999


class Recorder(Viewer):
    """Records when each message came."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.heard: list[tuple[float, Any]] = []
        self._clock = clock

    def put_event(self, event: Any) -> None:
        self.heard.append((self._clock.now_s, event["event"]))

    def put_frame(self, sequence: int, envelope: bytes) -> None:
        self.heard.append((self._clock.now_s, sequence))


class FakeClock:
    """A clock that advances only by sleeping."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    async def sleep(self, length_s: float) -> None:
        self.now_s += length_s


@pytest.mark.parametrize("speed", [0.25, 1.0, 4.0])
async def test_a_viewer_receives_the_run_at_the_requested_speed(
    laboratory: Laboratory, speed: float
) -> None:
    run = await finished(laboratory)
    clock = FakeClock()
    viewer = Recorder(clock)
    await replay(viewer, run, speed, clock=clock, sleep=clock.sleep)
    firings = 3 + 2 * 3  # the warm-ups, then two rounds at each of three lanes
    # Each lasts 0.1 s; they all have one origin, so nothing lies between them.
    ended_s, event_ = viewer.heard[-1]
    assert event_ == "finished"
    assert ended_s == pytest.approx(1_000 + firings * 0.1 / speed)
    began = [when for when, what in viewer.heard if what == "began"]
    assert began == pytest.approx([1_000 + number * 0.1 / speed for number in range(firings)])
    sequences = [what for _, what in viewer.heard if isinstance(what, int) and what != NOT_STORED]
    assert sequences == list(range(await run.frames.acount()))


async def test_a_slow_viewer_receives_a_gap_to_fetch(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await finished(laboratory)
    monkeypatch.setattr(hub_module, "MAX_QUEUED_BYTES", 10)
    viewer, clock = Viewer(), FakeClock()
    await replay(viewer, run, 4.0, clock=clock, sleep=clock.sleep)
    gap = json.loads(str(await viewer.next_message()))
    assert (gap["event"], gap["from"], gap["to"]) == ("gap", 0, await run.frames.acount())


def replays() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task.get_name().startswith("replay of ")]


async def hear(socket: WebsocketCommunicator, event: str) -> Any:
    """Return the next event of that kind, skipping others."""
    while True:
        message = json.loads((await socket.receive_output(5)).get("text") or "{}")
        if message.get("event") == event:
            return message


async def test_a_socket_has_at_most_one_replay_and_none_while_it_watches_another_run(
    laboratory: Laboratory,
) -> None:
    run = await finished(laboratory)
    socket = WebsocketCommunicator(application, "/ws/", headers=HEADERS)
    assert (await socket.connect())[0]
    for _ in range(2):
        await socket.send_json_to({"watch": run.pk, "replay": 0.25})
        watching = {"event": "watching", "run": run.pk, "next": 0, "live": True}
        assert await hear(socket, "watching") == watching
        began = {"event": "began", "run": run.pk, "lane": 0, "round": 0}
        assert await hear(socket, "began") == began
        assert len(replays()) == 1
    await socket.send_json_to({"watch": run.pk})
    assert (await hear(socket, "watching"))["live"] is False
    assert not replays()
    await socket.send_json_to({"watch": run.pk, "replay": 1})
    await hear(socket, "began")
    await socket.disconnect()
    assert not replays()


@pytest.mark.parametrize("speed", [3, "1", None, [1], {"times": 1}])
async def test_another_speed_does_not_replay(laboratory: Laboratory, speed: Any) -> None:
    run = await finished(laboratory)
    socket = WebsocketCommunicator(application, "/ws/", headers=HEADERS)
    assert (await socket.connect())[0]
    await socket.send_json_to({"watch": run.pk, "replay": speed})
    assert (await hear(socket, "watching"))["live"] is False
    await socket.disconnect()


async def test_the_stage_of_a_replay_is_that_of_a_run_that_has_just_begun(
    browser: AsyncClient, laboratory: Laboratory
) -> None:
    run = await finished(laboratory)
    address = f"/runs/{run.pk}/stage/"
    begun = (await browser.get(f"{address}?replay=0.25")).content.decode()
    assert 'data-status="running"' in begun
    assert "Replaying at ¼× speed" in begun
    assert ">100 ms<" not in begun  # the total time of each lane
    over = (await browser.get(address)).content.decode()
    assert ">100 ms<" in over
    assert f"{address}?replay=0.25" in over
    for nonsense in ("2", "x", "", "1e0"):
        assert (
            "Replaying at"
            not in (await browser.get(f"{address}?replay={nonsense}")).content.decode()
        )
    assert (await Run.objects.aget(pk=run.pk)).status == Status.FINISHED
