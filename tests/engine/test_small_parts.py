"""The request's bytes, the probe's stamps, and the numbers of the engine used alone."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.cli.summary import summarise, summarise_rate
from dashboard.engine.http.probe_header import NO_STAMPS, read_stamps
from dashboard.engine.http.request import encode_request
from dashboard.wire.failure import Failure
from dashboard.wire.plan import Rate
from dashboard.wire.units import NS_PER_MS as MS
from tests.firing import burst


def test_the_plain_request() -> None:
    assert encode_request(burst(8000, "/sleep/?delay=0.1", 1, 1)) == (
        b"GET /sleep/?delay=0.1 HTTP/1.1\r\nHost: 127.0.0.1:8000\r\n"
        b"User-Agent: liveburst\r\nAccept: */*\r\n\r\n"
    )


def test_own_headers_take_the_place_of_ours() -> None:
    firing = burst(8000, "/", 1, 1, headers=(("accept", "text/html"), ("X-Own", "1")))
    assert encode_request(firing) == (
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1:8000\r\nUser-Agent: liveburst\r\n"
        b"accept: text/html\r\nX-Own: 1\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("method", "body", "length"),
    [("POST", "é!", b"3"), ("POST", "", b"0"), ("DELETE", "x", b"1"), ("DELETE", "", None)],
)
def test_the_length_of_a_body_is_in_bytes(method: str, body: str, length: bytes | None) -> None:
    head, _, sent = encode_request(burst(1, "/", 1, 1, method=method, body=body)).partition(
        b"\r\n\r\n"
    )
    assert sent == body.encode()
    assert (b"Content-Length" in head) == (length is not None)
    assert length is None or head.endswith(b"Content-Length: " + length)


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
def test_stamps(value: bytes, expected: tuple[int, ...]) -> None:
    assert read_stamps(value) == expected


@given(
    st.binary(max_size=40)
    | st.lists(st.integers(), max_size=6).map(lambda ns: " ".join(map(str, ns)).encode())
)
def test_no_header_breaks_the_columns(value: bytes) -> None:
    *instants, process = read_stamps(value)
    array("q", instants)
    array("i", [process])


def samples(*rows: tuple[int, int, int, int, int]) -> Mapping[str, Sequence[int]]:
    names = ("due", "sent_first", "done", "status", "error")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_the_numbers() -> None:
    columns = samples(
        *((0, 5 * MS, (10 + number) * MS, 200, 0) for number in range(20)),
        (0, 5 * MS, 80 * MS, 500, Failure.STATUS),
        (20 * MS, -1, 100 * MS, 0, Failure.REFUSED),
    )
    found = summarise(columns, 22)
    assert (found["requests"], found["ok"]) == (22, 20)
    assert found["errors"] == {"http-500": 1, "refused": 1}
    assert found["makespan_s"] == 0.1
    assert found["throughput_rps"] == 200
    assert found["latency_ms"] == {
        "min": 10, "mean": 19.5, "p50": 19, "p90": 27, "p95": 28, "p99": None, "max": 29,
    }  # fmt: skip
    assert found["service_ms"] == {"p50": 14, "p95": 23, "p99": None}


def test_where_nothing_was_answered_nothing_is_known() -> None:
    found = summarise(samples((0, -1, MS, 0, Failure.REFUSED)), 1)
    assert (found["ok"], found["throughput_rps"]) == (0, None)
    assert set(found["latency_ms"].values()) == set(found["service_ms"].values()) == {None}


def test_a_rate_that_the_target_could_not_keep_up_with() -> None:
    """Ten at 10/s were offered; four were answered in time, four too late, and two failed."""
    columns = samples(
        *((number * 100 * MS, 0, (number * 100 + 5) * MS, 200, 0) for number in range(4)),
        *((number * 100 * MS, 0, 2000 * MS, 200, 0) for number in range(4, 8)),
        *((number * 100 * MS, -1, 1500 * MS, 0, Failure.TIMEOUT) for number in range(8, 10)),
    )
    assert summarise_rate(columns, Rate(10, 1), [1 * MS, 2 * MS, 3 * MS]) == {
        "offered_rps": 10,
        "achieved_rps": 4,  # eight in two seconds
        "backlog": 6,
        "scheduling_error_ms": {"p50": 2, "p99": None, "max": 3},
    }


def test_a_rate_that_was_kept() -> None:
    columns = samples(
        *((number * 100 * MS, 0, number * 100 * MS + 1, 200, 0) for number in range(10))
    )
    found = summarise_rate(columns, Rate(10, 1), [])
    assert (found["achieved_rps"], found["backlog"]) == (10, 0)
    assert found["scheduling_error_ms"] == {"p50": None, "p99": None, "max": None}


def test_rows_that_were_never_written_do_not_count() -> None:
    columns = samples((0, 1, 2 * MS, 200, 0), (0, 0, 0, 0, 0))
    assert summarise(columns, 1)["requests"] == 1
    assert summarise(columns, 0)["makespan_s"] is None
