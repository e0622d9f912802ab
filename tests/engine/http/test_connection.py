"""The parser's edge: any bytes give one outcome, a valid answer the same in every chunking."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, cast

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.engine.http.connection import Connection
from dashboard.engine.http.request import Request
from dashboard.engine.http.response import LONGEST_HEAD
from dashboard.engine.loads.burst import BurstDriver
from dashboard.engine.loads.driver import Driver
from dashboard.wire.failure import Failure
from tests.firing import burst

FAR = 2**62  # no instant of this machine: what the probe could not have said yet


@dataclass
class Ledger:
    """What a connection reports to, and all that it reported."""

    request: Request
    origin_ns: int = 0
    outcomes: list[tuple[Any, ...]] = field(default_factory=list)

    def answered(self, connection: Connection, done: int, reusable: bool) -> None:
        assert 0 <= connection.sent_first <= connection.first_byte <= done
        self.outcomes.append((connection.status, connection.stamps, reusable))
        connection.drop()

    def failed(self, connection: Connection, failure: Failure) -> None:
        self.outcomes.append((connection.status, failure))
        connection.drop()


class Wire(asyncio.Transport):
    """The server's side of a connection: keeps what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.open = True

    def write(self, data: Any) -> None:
        self.written += data

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever kept back."""

    def abort(self) -> None:
        self.open = False


def outcome_of(chunks: Sequence[bytes], **more: Any) -> tuple[Any, ...]:
    """What is reported of a request that is answered with these chunks and then with the end."""
    ledger = Ledger(Request.of(burst(1, "/", 1, 1, **more)))
    connection, wire = Connection(cast(Driver, ledger), 0, 0), Wire()
    connection.connection_made(wire)
    for chunk in chunks:
        assert len(ledger.outcomes) <= 1
        if wire.open:
            connection.data_received(chunk)
    if wire.open:
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


@settings(max_examples=400)
@given(pieces=anything, places=st.lists(st.integers(0, 500), max_size=8), method=methods)
def test_any_bytes_give_one_outcome(
    pieces: Sequence[bytes], places: Sequence[int], method: str
) -> None:
    outcome_of(cut(b"".join(pieces), places), method=method)


bodies = st.binary(max_size=40) | st.sampled_from(
    [b"\r\n\r\nliveburst: 1 2 3 4\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", b"Content-Length: 7\r\n"]
)
names = st.from_regex(r"\A[A-Za-z][A-Za-z-]{0,12}\Z").filter(
    lambda name: name.lower() not in {"connection", "upgrade", "te", "trailer", "content-length"}
)
fields = st.lists(st.tuples(names, st.from_regex(r"\A[ -~]{0,20}\Z")), max_size=4)


@dataclass(frozen=True)
class Valid:
    """A valid answer, and what has to be reported of it."""

    data: bytes
    status: int
    reusable: bool


@st.composite
def valid_answers(draw: st.DrawFn, method: str = "GET") -> Valid:
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
    lasting = version == "1.1" and not closes
    if method == "HEAD":
        return Valid(interim + head, status, lasting)
    return Valid(interim + head + body, status, lasting and ends != "close")


places = st.lists(st.integers(0, 2000), max_size=10)


@settings(max_examples=300)
@given(answer=valid_answers(), places=places)
def test_a_valid_answer_is_the_same_in_every_chunking(answer: Valid, places: Sequence[int]) -> None:
    expected = (answer.status, (-1, -1, -1, -1), answer.reusable)
    assert outcome_of([answer.data]) == expected
    assert outcome_of(cut(answer.data, places)) == expected
    assert outcome_of(cut(answer.data, range(len(answer.data)))) == expected


@settings(max_examples=150)
@given(answer=valid_answers("HEAD"), places=places)
def test_the_answer_to_head_ends_with_its_head(answer: Valid, places: Sequence[int]) -> None:
    expected = (answer.status, (-1, -1, -1, -1), answer.reusable)
    assert outcome_of([answer.data], method="HEAD") == expected
    assert outcome_of(cut(answer.data, places), method="HEAD") == expected


@settings(max_examples=100)
@given(answer=valid_answers(), more=st.sampled_from([b"HTT", b"\0", b"HTTP/1.1 200 OK\r\n\r\n"]))
def test_what_comes_along_with_an_answer_and_is_none_of_it_is_a_surplus(
    answer: Valid, more: bytes
) -> None:
    if answer.reusable:  # else all until the close belongs to it, or is not looked at
        assert outcome_of([answer.data + more]) == (answer.status, Failure.SURPLUS)
    head = answer.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    if b" 100 " not in head and answer.status not in {204, 304}:
        assert outcome_of([head + b"x"], method="HEAD") == (answer.status, Failure.SURPLUS)


@pytest.mark.parametrize("name", [b"liveburst", b"Liveburst", b"LiveBurst"])
@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"])
def test_the_stamps_are_found_wherever_the_head_is_cut(name: bytes, interim: bytes) -> None:
    class Told(Ledger):
        def answered(self, connection: Connection, done: int, reusable: bool) -> None:
            self.outcomes.append(connection.stamps)

    for length in range(1, 90, 7):
        ledger = Told(Request.of(burst(1, "/", 1, 1)))
        connection = Connection(cast(Driver, ledger), 0, 0)
        connection.connection_made(Wire())
        sent = connection.sent_first  # since 0: an instant of the clock itself
        data = b"HTTP/1.1 200 OK\r\n%s: %d %d -1 42\r\nContent-Length: 22\r\n\r\n" % (
            *(name, sent, sent),
        )
        data = interim + data + b"\r\n\r\nliveburst: 1 2 3 4"
        for chunk in cut(data, range(0, len(data), length)):
            connection.data_received(chunk)
        assert ledger.outcomes == [(sent, sent, -1, 42)]


def test_a_head_has_a_bound() -> None:
    line = b"X-More: and more\r\n"
    head = b"HTTP/1.1 200 OK\r\n" + line * (LONGEST_HEAD // len(line) - 1)
    assert len(head) < LONGEST_HEAD
    assert outcome_of([*cut(head, range(0, len(head), 999))]) == (0, Failure.CLOSED)
    assert outcome_of([head, line, line]) == (0, Failure.ENDLESS_HEAD)


def test_a_request_leaves_at_its_stamp_and_not_when_the_loop_has_time() -> None:
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
