"""The format, by its golden frames and by whatever hypothesis comes up with."""

from __future__ import annotations

import json
from array import array
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire import frame
from dashboard.wire.errors import FrameError

GOLDEN = Path(__file__).parents[1] / "golden"
KINDS = list(frame.COLUMNS)
RANGES = {
    "B": (0, 2**8 - 1),
    "H": (0, 2**16 - 1),
    "I": (0, 2**32 - 1),
    "i": (-(2**31), 2**31 - 1),
    "q": (-(2**63), 2**63 - 1),
}


@st.composite
def columns(draw: st.DrawFn) -> tuple[str, dict[str, array[int]]]:
    kind = draw(st.sampled_from(KINDS))
    rows = draw(st.integers(0, 20))
    made = {}
    for name, type_name in frame.COLUMNS[kind].items():
        code = frame.TYPE_CODES[type_name]
        values = st.lists(st.integers(*RANGES[code]), min_size=rows, max_size=rows)
        made[name] = array(code, draw(values))
    return kind, made


@pytest.mark.parametrize("kind", KINDS)
def test_golden_frames_are_read(kind: str) -> None:
    decoded = frame.decode((GOLDEN / f"{kind}.frame").read_bytes())
    expected = json.loads((GOLDEN / "expected.json").read_text())[kind]
    assert (decoded.kind, decoded.lane, decoded.round, decoded.origin_ns) == (kind, 2, 3, 2**60 + 1)
    assert {name: list(column) for name, column in decoded.columns.items()} == expected


@given(columns(), st.integers(0, 5), st.integers(0, 100), st.integers(0, 2**63 - 1))
def test_what_is_written_is_read(
    made: tuple[str, dict[str, array[int]]], lane: int, number: int, origin_ns: int
) -> None:
    kind, values = made
    data = frame.encode(kind, lane=lane, round=number, origin_ns=origin_ns, columns=values)
    decoded = frame.decode(data)
    assert (decoded.lane, decoded.round, decoded.origin_ns) == (lane, number, origin_ns)
    assert {name: list(column) for name, column in decoded.columns.items()} == {
        name: list(column) for name, column in values.items()
    }
    assert len(data) % 8 == 0


@given(st.binary(max_size=200))
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        frame.decode(data)


@given(st.sampled_from(KINDS), st.integers(0, 600))
def test_a_frame_cut_short_is_refused(kind: str, length: int) -> None:
    data = (GOLDEN / f"{kind}.frame").read_bytes()
    if length < len(data) - 8:  # the last padding is not missed
        with pytest.raises(FrameError):
            frame.decode(data[:length])


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("[]", "JSON object"),
        ('{"kind": "samples"}', "lane"),
        (
            '{"kind":"samples","lane":0,"round":1,"origin_ns":0,"rows":-1,"columns":[]}',
            "rows to be 0 or more",
        ),
        (
            '{"kind":"samples","lane":0,"round":1,"origin_ns":0,"rows":1,"columns":[["a","f8"]]}',
            "columns as",
        ),
    ],
)
def test_a_bad_header_is_named(header: str, expected: str) -> None:
    text = header.encode()
    text += b" " * (-len(text) % 8)
    data = frame.MAGIC + len(text).to_bytes(4, "little") + text
    with pytest.raises(FrameError, match=expected):
        frame.decode(data)


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=8), st.data()
)
def test_envelopes_come_out_however_the_stream_is_cut(
    sent: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(frame.envelop(sequence, payload) for sequence, payload in sent)
    reader = frame.EnvelopeReader()
    received: list[tuple[int, bytes]] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        received += reader.feed(stream[:cut])
        stream = stream[cut:]
    assert received == sent


def test_events_and_frames_are_distinguished() -> None:
    event = frame.encode_event({"event": "fired"})
    assert frame.is_event(event)
    assert len(event) % 8 == 0
    assert not frame.is_event((GOLDEN / "begun.frame").read_bytes())


def test_a_missing_value_is_unknown() -> None:
    made = frame.rows_to_columns("health", [{"at": 5}])
    assert made["at"][0] == 5
    assert made["in_app"][0] == frame.UNKNOWN
