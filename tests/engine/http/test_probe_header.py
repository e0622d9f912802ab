"""The probe's header is parsed, and ignored if it is malformed."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.http.probe_header import parse_stamps
from dashboard.engine.recording.request_record import NO_STAMPS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"10 20 30 4", (10, 20, 30, 4)),
        (b" 10 -1 -1 4 ", (10, -1, -1, 4)),
        (b"10 20 30", NO_STAMPS),
        (b"10 20 30 4 5", NO_STAMPS),
        (b"10 20 30 -2", NO_STAMPS),
        (b"10 20 30 4.5", NO_STAMPS),
        (b"%d 20 30 4" % 2**63, NO_STAMPS),
        (b"10 20 30 %d" % 2**31, NO_STAMPS),
        (b"", NO_STAMPS),
    ],
)
def test_the_probes_header_is_parsed(value: bytes, expected: tuple[int, ...]) -> None:
    assert parse_stamps(value) == expected


@given(
    st.binary(max_size=40)
    | st.lists(st.integers(), max_size=6).map(lambda ns: " ".join(map(str, ns)).encode())
)
def test_any_header_fits_the_columns(value: bytes) -> None:
    *instants, process = parse_stamps(value)
    array("q", instants)
    array("i", [process])
