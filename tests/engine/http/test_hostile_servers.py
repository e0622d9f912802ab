"""Whatever a server does, each request that was due has exactly one, correct row."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.wire.failure import Failure
from tests.engine.servers.hostile import OK, Behaviour, Peer, byte_by_byte, resets, responds, shoot
from tests.firing import in_order
from tests.properties import examples

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
CLOSES = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
NO_LENGTH = b"HTTP/1.1 200 OK\r\n\r\nuntil I close"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 3\r\n\r\nno!"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
UPGRADE = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
HALF_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"


def silent(peer: Peer, number: int) -> None:
    """Send no response."""


def endless_head(peer: Peer, number: int) -> None:
    """Send headers until the connection closes."""
    peer.write_endlessly(b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 100)


def endless_interim(peer: Peer, number: int) -> None:
    """Send interim responses until the connection closes."""
    peer.write_endlessly(b"", CONTINUE * 100)


BEHAVIOURS: Mapping[str, tuple[Behaviour, int, int]] = {  # what it does, status, error
    "ok": (responds(OK), 200, Failure.NONE),
    "in two parts": (responds(OK[:20], OK[20:]), 200, Failure.NONE),
    "byte by byte": (byte_by_byte(OK), 200, Failure.NONE),
    "chunked": (responds(CHUNKED), 200, Failure.NONE),
    "chunked, byte by byte": (byte_by_byte(CHUNKED), 200, Failure.NONE),
    "announces close and closes": (responds(CLOSES, close=True), 200, Failure.NONE),
    "announces close and stays": (responds(CLOSES), 200, Failure.NONE),
    "no length, then closes": (responds(NO_LENGTH, close=True), 200, Failure.NONE),
    "no content": (responds(EMPTY), 204, Failure.NONE),
    "an interim response": (responds(CONTINUE, OK), 200, Failure.NONE),
    "lines after it": (responds(OK + b"\r\n\r\n"), 200, Failure.NONE),
    "two responses": (responds(OK + OK), 200, Failure.SURPLUS),
    "a response and a half": (responds(OK + OK[:9]), 200, Failure.SURPLUS),
    "rubbish after it": (responds(OK + b"\0\1\2\r\n\r\n"), 200, Failure.SURPLUS),
    "more after close": (responds(CLOSES + b"more"), 200, Failure.SURPLUS),
    "a longer body than announced": (responds(OK + b"ay"), 200, Failure.SURPLUS),
    "not found": (responds(NOT_FOUND), 404, Failure.STATUS),
    "broken": (responds(BROKEN), 500, Failure.STATUS),
    "silent": (silent, 0, Failure.TIMEOUT),
    "half a body": (responds(HALF_BODY), 0, Failure.TIMEOUT),
    "no length, stays": (responds(NO_LENGTH), 0, Failure.TIMEOUT),
    "closes at once": (responds(close=True), 0, Failure.CLOSED),
    "half a head": (responds(OK[:20]), 0, Failure.TIMEOUT),
    "half a chunk": (responds(CHUNKED[:-8]), 0, Failure.TIMEOUT),
    "half a chunk, closes": (responds(CHUNKED[:-8], close=True), 0, Failure.CLOSED),
    "half a head, closes": (responds(OK[:20], close=True), 0, Failure.CLOSED),
    "half a body, closes": (responds(HALF_BODY, close=True), 0, Failure.CLOSED),
    "only an interim response": (responds(CONTINUE, close=True), 0, Failure.CLOSED),
    "rubbish": (responds(b"\0\1\2 this is not HTTP\r\n\r\n"), 0, Failure.MALFORMED),
    "an endless head": (endless_head, 0, Failure.ENDLESS_HEAD),
    "endless interim responses": (endless_interim, 0, Failure.ENDLESS_HEAD),
    "upgrade": (responds(UPGRADE), 0, Failure.MALFORMED),
    "status 42": (
        responds(b"HTTP/1.1 042 What\r\nContent-Length: 0\r\n\r\n"),
        0,
        Failure.MALFORMED,
    ),
    "two lengths": (responds(OK[:-4] + b"Content-Length: 3\r\n\r\nok"), 0, Failure.MALFORMED),
    "no carriage returns": (responds(OK.replace(b"\r", b"")), 0, Failure.MALFORMED),
    "reset": (resets, 0, Failure.RESET),
}


@pytest.mark.parametrize("name", BEHAVIOURS)
def test_one_behaviour(name: str) -> None:
    answer, status, error = BEHAVIOURS[name]
    shot = shoot(answer, 12, 4, timeout_s=0.06 if error == Failure.TIMEOUT else 10)
    assert sorted(row["request"] for row in shot.rows) == list(range(12))
    assert {(row["status"], row["error"]) for row in shot.rows} == {(status, error)}
    assert all(in_order(row) for row in shot.rows)
    assert not shot.burst.stopped


@examples(40)
@given(names=st.lists(st.sampled_from(sorted(BEHAVIOURS)), min_size=1, max_size=12), data=st.data())
def test_any_mixture(names: Sequence[str], data: st.DataObject) -> None:
    def answer(peer: Peer, number: int) -> None:
        BEHAVIOURS[names[number % len(names)]][0](peer, number)

    requests = data.draw(st.integers(1, 25))
    shot = shoot(answer, requests, data.draw(st.integers(1, requests)), timeout_s=0.03)
    assert sorted(row["request"] for row in shot.rows) == list(range(requests))
    assert all(in_order(row) for row in shot.rows if row["sent"] >= 0)
    whole = [row for row in shot.rows if row["error"] != Failure.SURPLUS]
    assert all((row["status"] >= 400) == (row["error"] == Failure.STATUS) for row in whole)
    assert all(row["first_byte"] >= 0 for row in shot.rows if row["status"])


def test_a_silent_close_fails_the_request_that_crosses_with_it() -> None:
    shot = shoot(responds(OK, close=True), 12, 4)
    assert sorted(row["request"] for row in shot.rows) == list(range(12))
    assert shot.errors() <= {Failure.NONE, Failure.CLOSED, Failure.RESET}
    assert all(in_order(row) for row in shot.rows)


def test_a_timeout_counts_from_due_and_frees_the_slot() -> None:
    shot = shoot(silent, 6, 2, timeout_s=0.04)
    for row in shot.rows:
        assert row["done"] - row["due"] >= 40_000_000
    assert {row["due"] for row in shot.rows} - {0} <= {row["done"] for row in shot.rows}
    assert shot.server.connections == 6


def test_after_a_failure_the_next_request_uses_a_new_connection() -> None:
    shot = shoot(responds(close=True), 9, 3)
    assert shot.server.connections == 9
    assert all(row["connecting"] >= row["due"] for row in shot.rows)


def test_a_request_on_a_connection_that_was_just_closed_is_not_retried() -> None:
    def answers_once(peer: Peer, number: int) -> None:
        responds(OK)(peer, number) if number == 0 else resets(peer, number)

    shot = shoot(answers_once, 2, 1)
    assert [row["error"] for row in shot.rows] == [Failure.NONE, Failure.RESET]
    assert shot.server.requests == 2


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"liveburst: %d %d %d 42", (True, True, True, 42)),
        (b"LiveBurst: %d %d %d 42", (True, True, True, 42)),
        (b"liveburst: %d -1 -1 7", (True, False, False, 7)),
        (b"liveburst: what is this", (False, False, False, -1)),
        (b"x-another: %d %d %d 42", (False, False, False, -1)),
        (b"liveburst: 1 2 3 42", (False, False, False, -1)),  # before the request was sent
        (b"liveburst: 9%d 9%d 9%d 42", (False, False, False, -1)),  # in the future
        (b"liveburst: %d 1 %d 42", (False, False, False, -1)),  # out of order
    ],
)
def test_the_probes_stamps_count_from_the_origin(header: bytes, expected: tuple[int, ...]) -> None:
    def answer(peer: Peer, number: int) -> None:
        instants.append(time.monotonic_ns())
        text = header.replace(b"%d", b"%d" % instants[0])
        peer.write(b"HTTP/1.1 200 OK\r\n" + text + b"\r\nContent-Length: 0\r\n\r\n")

    instants: list[int] = []
    shot = shoot(answer, 1, 1)
    [row], since = shot.rows, instants[0] - shot.burst.origin_ns
    names = ("entered", "view_entered", "view_left")
    assert [row[name] for name in names] == [since if stamped else -1 for stamped in expected[:3]]
    assert row["process"] == expected[3]
