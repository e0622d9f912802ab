"""Parsing: any bytes give one outcome, a valid response the same one in every chunking."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.request import RequestTemplate
from dashboard.engine.http.response import MAX_HEAD_BYTES
from dashboard.engine.loads.burst import BurstDriver
from dashboard.wire.failure import Failure
from tests.firing import burst
from tests.properties import examples

FAR = 2**62  # in the future: no probe can have stamped it


@dataclass
class Ledger:
    """An owner that collects what a connection reports."""

    template: RequestTemplate
    origin_ns: int = 0
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)

    def response_received(self, connection: Connection) -> None:
        record = connection.record
        assert 0 <= record.sent_first <= record.first_byte <= record.done
        self.outcomes.append((record.status, record.stamps, connection.reusable))
        connection.abort()

    def request_failed(self, connection: Connection, failure: Failure) -> None:
        self.outcomes.append((connection.record.status, failure))
        connection.abort()

    def idle_lost(self, connection: Connection) -> None:
        raise AssertionError("no connection is held here")

    def request_moved(self, old: Connection, new: Connection) -> None:
        raise AssertionError("no request is polled here")


class FakeTransport(asyncio.Transport):
    """A transport that keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.open = True

    def write(self, data: Any) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Do nothing: nothing is buffered."""

    def abort(self) -> None:
        self.open = False


def outcome_of(chunks: Sequence[bytes], **more: Any) -> tuple[Any, ...]:
    """Return what is reported of a request whose response arrives in these chunks and then ends."""
    ledger = Ledger(RequestTemplate.of(burst(1, "/", 1, 1, **more)))
    connection, transport = Connection(ledger, 0, 0), FakeTransport()
    connection.connection_made(transport)
    for chunk in chunks:
        assert len(ledger.outcomes) <= 1
        if transport.open:
            connection.data_received(chunk)
    if transport.open:
        connection.eof_received()
    connection.connection_lost(None)
    [outcome] = ledger.outcomes
    return outcome


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[begin:end] for begin, end in pairwise(ends)]


PIECES = (
    *(b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.0 404 No\r\n", b"HTTP/1."),
    *(b"Content-Length: 2\r\n", b"Content-Length: -1\r\n", b"Transfer-Encoding: chunked\r\n"),
    *(
        b"Connection: close\r\n",
        b"Upgrade: x\r\nConnection: upgrade\r\n",
        b"Liveburst: 1 2 3 4\r\n",
    ),
    *(b"liveburst: %d %d %d 4\r\n" % (FAR, FAR, FAR), b"\r\n", b"\n", b"ok", b"2\r\nok\r\n"),
    *(b"0\r\n\r\n", b"101 Switching\r\n\r\n", b" folded\r\n", b": \r\n", b"\0", b"\xff" * 9),
)
anything = st.lists(st.sampled_from(PIECES) | st.binary(max_size=30), max_size=14)
methods = st.sampled_from(["GET", "HEAD", "POST"])


@examples(400)
@given(pieces=anything, places=st.lists(st.integers(0, 500), max_size=8), method=methods)
def test_any_bytes_give_one_outcome(
    pieces: Sequence[bytes], places: Sequence[int], method: str
) -> None:
    outcome_of(cut(b"".join(pieces), places), method=method)


OK_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
bodies = st.binary(max_size=40) | st.sampled_from(
    [b"\r\n\r\nliveburst: 1 2 3 4\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"Content-Length: 7\r\n"]
)
names = st.from_regex(r"\A[A-Za-z][A-Za-z-]{0,12}\Z").filter(
    lambda name: name.lower() not in {"connection", "upgrade", "te", "trailer", "content-length"}
)
fields = st.lists(st.tuples(names, st.from_regex(r"\A[ -~]{0,20}\Z")), max_size=4)


@dataclass(frozen=True)
class Valid:
    """A valid response, and what has to be reported of it."""

    data: bytes
    status: int
    reusable: bool


@st.composite
def valid_responses(draw: st.DrawFn, method: str = "GET") -> Valid:
    status = draw(st.sampled_from([200, 201, 301, 404, 500, 204, 304, 999]))
    version, closes = draw(st.sampled_from(["1.0", "1.1"])), draw(st.booleans())
    ends = draw(st.sampled_from(["length", "chunks", "close"]))
    body = b"" if status in {204, 304} else draw(bodies)
    lines = [f"HTTP/{version} {status} {draw(st.sampled_from(['OK', '', 'Not so']))}".encode()]
    lines += [f"{name}: {text}".encode() for name, text in draw(fields)]
    lines += [b"Connection: close"] if closes else []
    if status in {204, 304}:
        ends = "head"
    elif ends == "length":
        lines.append(b"cOntent-Length: %d" % len(body))
    elif ends == "chunks":
        lines.append(b"Transfer-Encoding: chunked")
        parts = [b"%x\r\n%s\r\n" % (len(part), part) for part in cut(body, [3, 9]) if part]
        body = b"".join(parts) + b"0\r\n\r\n"
    head = b"\r\n".join(lines) + b"\r\n\r\n"
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"])) * draw(
        st.integers(1, 2)
    )
    keep_alive = version == "1.1" and not closes
    if method == "HEAD":
        return Valid(interim + head, status, keep_alive)
    return Valid(interim + head + body, status, keep_alive and ends != "close")


places = st.lists(st.integers(0, 2000), max_size=10)


@examples(300)
@given(response=valid_responses(), places=places)
def test_a_valid_response_is_the_same_in_every_chunking(
    response: Valid, places: Sequence[int]
) -> None:
    expected = (response.status, (-1, -1, -1, -1), response.reusable)
    assert outcome_of([response.data]) == expected
    assert outcome_of(cut(response.data, places)) == expected
    assert outcome_of(cut(response.data, range(len(response.data)))) == expected


@examples(150)
@given(response=valid_responses("HEAD"), places=places)
def test_the_response_to_head_ends_with_its_head(response: Valid, places: Sequence[int]) -> None:
    expected = (response.status, (-1, -1, -1, -1), response.reusable)
    assert outcome_of([response.data], method="HEAD") == expected
    assert outcome_of(cut(response.data, places), method="HEAD") == expected


@examples(100)
@given(
    response=valid_responses(), more=st.sampled_from([b"HTT", b"\0", b"HTTP/1.1 200 OK\r\n\r\n"])
)
def test_data_behind_a_complete_response_is_a_surplus(response: Valid, more: bytes) -> None:
    if response.reusable:  # else all up to the close belongs to it, or is not read
        assert outcome_of([response.data + more]) == (response.status, Failure.SURPLUS)
    head = response.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    if b" 100 " not in head and response.status not in {204, 304}:
        assert outcome_of([head + b"x"], method="HEAD") == (response.status, Failure.SURPLUS)


@pytest.mark.parametrize("name", [b"liveburst", b"Liveburst", b"LiveBurst"])
@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"])
def test_the_stamps_are_found_wherever_the_head_is_cut(name: bytes, interim: bytes) -> None:
    class StampLedger(Ledger):
        def response_received(self, connection: Connection) -> None:
            self.outcomes.append(connection.record.stamps)

    for length in range(1, 90, 7):
        ledger = StampLedger(RequestTemplate.of(burst(1, "/", 1, 1)))
        connection = Connection(ledger, 0, 0)
        connection.connection_made(FakeTransport())
        sent = connection.record.sent_first  # since 0: an instant of the clock itself
        data = b"HTTP/1.1 200 OK\r\n%s: %d %d -1 42\r\nContent-Length: 22\r\n\r\n" % (
            *(name, sent, sent),
        )
        data = interim + data + b"\r\n\r\nliveburst: 1 2 3 4"
        for chunk in cut(data, range(0, len(data), length)):
            connection.data_received(chunk)
        assert ledger.outcomes == [(sent, sent, -1, 42)]


def test_a_head_has_a_maximum_length() -> None:
    line = b"X-More: and more\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + line * (MAX_HEAD_BYTES // len(line) - 1)
    assert len(head) < MAX_HEAD_BYTES
    assert outcome_of([*cut(head, range(0, len(head), 999))]) == (0, Failure.CLOSED)
    assert outcome_of([head, line, line]) == (0, Failure.ENDLESS_HEAD)


def test_a_request_is_sent_at_its_stamp_and_not_in_the_next_turn_of_the_loop() -> None:
    class Watched(Connection):
        def _send(self) -> None:
            super()._send()
            peer, _ = listening.accept()
            with peer:
                peer.setblocking(False)
                seen.append(peer.recv(10))

    async def main() -> None:
        driver = BurstDriver(burst(listening.getsockname()[1], "/", 1, 1))
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(
            lambda: Watched(driver, 0, 0), *listening.getsockname()
        )
        transport.abort()

    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        uvloop.run(main())
    assert seen == [b"GET / HTTP"]
