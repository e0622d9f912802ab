"""The columns: every row once, in whatever way the frames were cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.http.probe_header import NO_STAMPS
from dashboard.engine.recording import recorder
from dashboard.engine.recording.recorder import Recorder, Stamps
from dashboard.wire.frame import COLUMNS, Frame, decode
from tests.firing import burst

ORIGIN = 81_234_567_890_123


@dataclass
class Carried:
    """What the recorder reads off a connection: the request that it carries."""

    request: int
    due: int = 0
    connecting: int = -1
    sent_first: int = -1
    sent: int = -1
    stamps: Stamps = NO_STAMPS
    first_byte: int = -1
    told: tuple[int, int] = (-1, -1)


def make(requests: int) -> Recorder:
    return Recorder(burst(1, "/", requests, 1, lane=2, round=3), ORIGIN)


def finish(to: Recorder, carried: Carried, done: int, status: int, error: int) -> None:
    to.finish(carried, done, status, error)


def begun(of: Recorder, *in_flight: Carried) -> Frame | None:
    data = of.begun(in_flight)
    return decode(data) if data else None


def frames_of(of: Recorder) -> list[Frame]:
    found = []
    while data := of.samples():
        found.append(decode(data))
    return found


def test_columns_are_in_the_types_of_the_wire_and_the_unknown_stays_unknown() -> None:
    one = make(2)
    stamps = (40, -1, -1, 2**31 - 1)
    finish(one, Carried(1, 2**40, 10, 30, 35, stamps, 50), 60, 200, 0)
    finish(one, Carried(0), 70, 0, 4)
    [frame] = frames_of(one)
    assert (frame.kind, frame.lane, frame.round, frame.origin_ns) == ("samples", 2, 3, ORIGIN)
    assert {name: column.tolist() for name, column in frame.columns.items()} == {
        "request": [1, 0],
        "due": [2**40, 0],
        "connecting": [10, -1],
        "sent_first": [30, -1],
        "sent": [35, -1],
        "entered": [40, -1],
        "view_entered": [-1, -1],
        "view_left": [-1, -1],
        "first_byte": [50, -1],
        "done": [60, 70],
        "status": [200, 0],
        "error": [0, 4],
        "process": [2**31 - 1, -1],
    }


def test_what_is_in_flight_is_told_when_due_and_when_sent_and_not_again() -> None:
    one, first, second = make(2), Carried(0), Carried(1, due=5, sent_first=6)
    frame = begun(one, first, second)
    assert frame
    assert (frame.kind, frame.lane, frame.round) == ("begun", 2, 3)
    assert {name: column.tolist() for name, column in frame.columns.items()} == {
        "request": [0, 1],
        "due": [0, 5],
        "sent_first": [-1, 6],
    }
    assert begun(one, first, second) is None
    first.sent_first = 9
    frame = begun(one, first, second)
    assert frame
    assert frame.columns["sent_first"].tolist() == [9]
    assert begun(one) is None


@given(steps=st.lists(st.integers(0, 5), max_size=30))
def test_every_row_is_in_one_frame(steps: Sequence[int]) -> None:
    one, found, request = make(sum(steps)), [], 0
    for step in steps:
        for _ in range(step):
            finish(one, Carried(request), 1, 0, 1)
            request += 1
        found += frames_of(one)
    requests = [number for frame in found for number in frame.columns["request"]]
    assert requests == list(range(sum(steps)))
    assert all(frame.rows and list(frame.columns) == list(COLUMNS["samples"]) for frame in found)


def test_a_frame_has_a_bound() -> None:
    rows = recorder.MAX_FRAME_ROWS
    one = make(2 * rows + 1)
    for request in range(2 * rows + 1):
        finish(one, Carried(request), 1, 0, 1)
    assert [frame.rows for frame in frames_of(one)] == [rows, rows, 1]
