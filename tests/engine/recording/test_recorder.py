"""Rows become columns, each in exactly one frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.recording import recorder as module
from dashboard.engine.recording.recorder import MAX_FRAME_ROWS, Recorder
from dashboard.engine.recording.request_record import RequestRecord
from dashboard.wire.frame import COLUMNS, Frame, decode
from tests.firing import burst

ORIGIN = 81_234_567_890_123


def make(requests: int) -> Recorder:
    return Recorder.of(burst(1, "/", requests, 1, lane=2, round=3), ORIGIN)


def begun(recorder: Recorder, *in_flight: RequestRecord, at_ns: int = 1) -> Frame:
    return decode(recorder.begun(in_flight, at_ns))


def frames_of(recorder: Recorder) -> list[Frame]:
    frames = []
    while data := recorder.samples():
        frames.append(decode(data))
    return frames


def test_columns_have_the_types_of_the_wire_and_unknown_values_stay_unknown() -> None:
    recorder = make(2)
    stamps = (40, -1, -1, 2**31 - 1)
    recorder.add(RequestRecord(1, 2**40, 10, 30, 35, stamps, 50, done=60, status=200))
    recorder.add(RequestRecord(0, 0, done=70, error=4))
    [frame] = frames_of(recorder)
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


def test_a_request_in_flight_is_announced_once_when_due_and_once_when_sent() -> None:
    recorder = make(2)
    first, second = RequestRecord(0, 0), RequestRecord(1, due=5, sent_first=6)
    frame = begun(recorder, first, second)
    assert (frame.kind, frame.lane, frame.round) == ("begun", 2, 3)
    assert {name: column.tolist() for name, column in frame.columns.items()} == {
        "request": [0, 1],
        "due": [0, 5],
        "sent_first": [-1, 6],
    }
    assert begun(recorder, first, second).rows == 0
    first.sent_first = 9
    frame = begun(recorder, first, second)
    assert frame.columns["sent_first"].tolist() == [9]
    assert begun(recorder).rows == 0


def test_a_report_has_the_instant_up_to_which_it_is_complete_and_whose_it_is() -> None:
    assert begun(make(1), at_ns=2**40).extra == {"at_ns": 2**40}
    shared = replace(burst(1, "/", 4, 4), engine=1, engines=2)
    frame = begun(Recorder.of(shared, ORIGIN), at_ns=5)
    assert frame.extra == {"at_ns": 5, "engine": 1, "engines": 2}


@given(steps=st.lists(st.integers(0, 5), max_size=30))
def test_every_row_is_in_one_frame(steps: Sequence[int]) -> None:
    recorder, frames, request = make(sum(steps)), [], 0
    for step in steps:
        for _ in range(step):
            recorder.add(RequestRecord(request, 0, done=1, error=1))
            request += 1
        frames += frames_of(recorder)
    requests = [number for frame in frames for number in frame.columns["request"]]
    assert requests == list(range(sum(steps)))
    assert all(frame.rows and list(frame.columns) == list(COLUMNS["samples"]) for frame in frames)


def test_a_frame_has_a_maximum_of_rows() -> None:
    rows = MAX_FRAME_ROWS
    recorder = make(2 * rows + 1)
    for request in range(2 * rows + 1):
        recorder.add(RequestRecord(request, 0, done=1, error=1))
    assert [frame.rows for frame in frames_of(recorder)] == [rows, rows, 1]


COLUMN_TYPES = dict(COLUMNS["samples"])
SWAPPED = {"sent": COLUMN_TYPES.pop("sent"), **COLUMN_TYPES}


@pytest.mark.parametrize("types", [SWAPPED, {**COLUMNS["samples"], "redirects": "i8"}])
def test_a_row_in_another_order_than_the_wire_is_refused(
    types: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    module.verify_row_order()
    monkeypatch.setattr(module, "TYPES", types)
    with pytest.raises((AssertionError, TypeError)):
        module.verify_row_order()
