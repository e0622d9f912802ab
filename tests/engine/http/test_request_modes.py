"""Requests that are more than one write and one response: uploads, polls, pieces, rows, mixes."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import psutil
import pytest

from dashboard.targets.observe.sock_diag import SocketQuery, find
from dashboard.wire.failure import Failure
from dashboard.wire.frame import EnvelopeReader, decode, is_event
from dashboard.wire.plan.load import Burst, Load, Rate
from dashboard.wire.plan.mix import MixedView, assignment
from dashboard.wire.plan.plan import Firing
from dashboard.wire.plan.request_mode import RequestMode, Upload
from dashboard.wire.units import BYTES_PER_MB as MB
from tests.firing import burst

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

UNREAD = 56  # where an inet_diag_msg has the bytes that its process has not read yet
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(serve: Serve) -> AsyncIterator[int]:
    """Serve on loopback during the block and yield the port; ignore lost connections."""

    async def safely(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(safely, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def until_read(writer: asyncio.StreamWriter) -> None:
    """Wait until the client has read all that was written to it, as the kernel counts it."""
    if sys.platform != "linux":
        await asyncio.sleep(0.02)
        return
    own, client = writer.get_extra_info("sockname"), writer.get_extra_info("peername")
    local, remote = (socket.inet_aton(address).ljust(16, b"\0") for address, _ in (client, own))
    query = SocketQuery(socket.AF_INET, client[1], own[1], local, remote)
    while True:
        answer = find(query)
        if answer is None or struct.unpack_from("=I", answer, UNREAD) == (0,):
            return
        await asyncio.sleep(0.001)


async def head_of(reader: asyncio.StreamReader) -> tuple[str, dict[str, str]]:
    """Return request line and headers of one request."""
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    return first, headers


async def fired(process: Any, firing: Firing) -> dict[str, list[dict[str, int]]]:
    """Fire, and return the rows of each kind of frame."""
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    rows: dict[str, list[dict[str, int]]] = {"samples": [], "chunks": []}
    reader = EnvelopeReader()
    while True:
        for _, payload in reader.feed(await process.stdout.read(65536)):
            if not is_event(payload):
                frame = decode(payload)
                names = list(frame.columns)
                rows.setdefault(frame.kind, []).extend(
                    {name: frame.columns[name][at] for name in names} for at in range(frame.rows)
                )
            elif json.loads(payload)["event"] == "fired":
                return rows


def upload_to(port: int, size: int, load: Load) -> Firing:
    plain = burst(
        port, "/", 1, 1, method="POST", request_mode=RequestMode(upload=Upload("file", size))
    )
    return Firing(**{**vars(plain), "load": load})


class Uploads:
    """Receives files, and counts their bytes."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.forms: list[tuple[bytes, bytes]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            _, headers = await head_of(reader)
            left, size = int(headers["content-length"]), 0
            first = last = b""
            while left:
                data = await reader.read(min(left, 2**20))
                if not data:
                    return
                first, last = (first + data)[:300], (last + data)[-100:]
                left -= len(data)
                size += len(data)
            self.sizes.append(size)
            self.forms.append((first, last))
            writer.write(OK)


async def test_a_file_arrives_complete_in_a_valid_form(process: Process) -> None:
    server = Uploads()
    async with serving(server.serve) as port:
        frames = await fired(process, upload_to(port, 3 * MB, Burst(4, 2)))
    assert len(server.sizes) == 4
    first, last = server.forms[0]
    boundary = first.split(b"\r\n")[0]
    assert b'name="file"; filename="upload.bin"' in first
    assert last.endswith(b"\r\n" + boundary + b"--\r\n")
    around = first.index(b"\r\n\r\n") + 4 + len(boundary) + 6
    assert server.sizes[0] == 3 * MB + around
    for row in frames["samples"]:
        assert (row["status"], row["error"]) == (200, Failure.NONE)
        assert row["sent_first"] < row["sent"] <= row["first_byte"] <= row["done"]


async def test_large_files_are_never_held_in_memory(process: Process) -> None:
    server = Uploads()
    async with serving(server.serve) as port:
        frames = await fired(process, upload_to(port, 60 * MB, Burst(4, 4)))
        peak_mb = psutil.Process(process.pid).memory_info().rss / MB
    assert {row["error"] for row in frames["samples"]} == {Failure.NONE}
    assert peak_mb < 150


async def test_a_slow_client_uploads_at_its_pace(process: Process) -> None:
    server = Uploads()
    async with serving(server.serve) as port:
        frames = await fired(process, upload_to(port, 200_000, Burst(3, 3, send_kb_per_s=400)))
    for row in frames["samples"]:
        assert 0.45e9 < row["sent"] - row["sent_first"] < 1.5e9  # 200 KB at 400 KB/s


async def test_a_slow_client_does_not_catch_up_after_the_server_stalled(process: Process) -> None:
    """What was not sent during the stall is paced afterwards."""
    waited_s = 1.0

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, headers = await head_of(reader)
        await asyncio.sleep(waited_s)
        await reader.readexactly(int(headers["content-length"]))
        writer.write(OK)

    async with serving(late) as port:
        frames = await fired(process, upload_to(port, 2 * MB, Burst(1, 1, send_kb_per_s=2000)))
    (row,) = frames["samples"]
    assert row["sent"] - row["sent_first"] > 1.2e9  # 1 s by its pace, and what did not fit a buffer


async def test_an_early_refusal_is_the_response(process: Process) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        while await reader.read(2**20):  # so that no reset follows
            pass

    async with serving(refuse) as port:
        frames = await fired(process, upload_to(port, 50 * MB, Burst(2, 1)))
    assert [(row["status"], row["error"]) for row in frames["samples"]] == [
        (413, Failure.STATUS)
    ] * 2


@pytest.mark.parametrize("pace", [None, 20_000])
async def test_an_early_refusal_is_read_although_a_reset_follows(
    pace: float | None, process: Process
) -> None:
    """A server that closes without reading the body resets the connection after its response."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await head_of(reader)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
        writer.transport.abort()

    load = Burst(40, 4, send_kb_per_s=pace)
    async with serving(refuse) as port:
        frames = await fired(process, upload_to(port, 5 * MB, load))
    outcomes = [(row["status"], row["error"]) for row in frames["samples"]]
    assert outcomes == [(413, Failure.STATUS)] * 40


async def test_uploads_at_a_rate(process: Process) -> None:
    server = Uploads()
    async with serving(server.serve) as port:
        frames = await fired(process, upload_to(port, 100_000, Rate(20, 0.5)))
    assert [row["status"] for row in frames["samples"]] == [200] * 10


class Results:
    """Responds 202 with the Location of a result, which is there after `after_s`."""

    def __init__(
        self, after_s: float, *, closes: bool = False, location: str | None = None
    ) -> None:
        self.after_s, self.closes, self.location = after_s, closes, location
        self.request_lines: list[str] = []
        self.connections = 0
        self._ready_at: dict[str, float] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while True:
            first, headers = await head_of(reader)
            await reader.readexactly(int(headers.get("content-length", "0")))
            self.request_lines.append(first)
            writer.write(self._response(first.split()[1]))
            if self.closes:
                return

    def _response(self, path: str) -> bytes:
        close = "Connection: close\r\n" if self.closes else ""
        if path == "/begin":
            path = f"/result/{len(self._ready_at)}"
            self._ready_at[path] = time.monotonic() + self.after_s
        elif time.monotonic() >= self._ready_at[path]:
            return f"HTTP/1.1 200 OK\r\n{close}Content-Length: 2\r\n\r\nok".encode()
        where = path if self.location is None else self.location
        header = f"Location: {where}\r\n" if where else ""
        return f"HTTP/1.1 202 Accepted\r\n{header}{close}Content-Length: 0\r\n\r\n".encode()


def begin_at(port: int, load: Load, every_ms: float = 20) -> Firing:
    mode = RequestMode(poll_every_ms=every_ms)
    plain = burst(port, "/begin", 1, 1, method="POST", body="{}", request_mode=mode)
    return Firing(**{**vars(plain), "load": load})


@pytest.mark.parametrize("closes", [False, True])
@pytest.mark.parametrize("load", [Burst(4, 2), Rate(20, 0.2)])
async def test_a_sample_ends_with_its_result(closes: bool, load: Load, process: Process) -> None:
    server = Results(0.2, closes=closes)
    async with serving(server.serve) as port:
        frames = await fired(process, begin_at(port, load))
    assert sorted(row["request"] for row in frames["samples"]) == [0, 1, 2, 3]
    for row in frames["samples"]:
        assert (row["status"], row["error"]) == (200, Failure.NONE)
        assert row["done"] - row["sent_first"] >= 0.2e9
    # Of the first response; a machine that others use may hold up some of them.
    assert min(row["first_byte"] - row["sent_first"] for row in frames["samples"]) < 0.2e9
    begun = [line for line in server.request_lines if line.startswith("POST /begin")]
    polls = [line for line in server.request_lines if line.startswith("GET /result/")]
    assert len(begun) == 4
    assert 4 <= len(polls) <= 4 * (0.2 / 0.02 + 2)
    assert server.connections == (len(server.request_lines) if closes else server.connections)
    assert closes or server.connections <= 4


@pytest.mark.parametrize(
    "location", ["", "http://elsewhere.example/result", "//elsewhere.example/", "ftp:/result/0"]
)
async def test_a_result_on_another_server_is_a_failure(location: str, process: Process) -> None:
    server = Results(0.2, location=location)
    async with serving(server.serve) as port:
        frames = await fired(process, begin_at(port, Burst(2, 1)))
    assert {row["error"] for row in frames["samples"]} == {Failure.NO_RESULT}
    assert all(line.startswith("POST") for line in server.request_lines)


async def test_a_result_that_never_arrives_is_a_timeout(process: Process) -> None:
    server = Results(60)
    async with serving(server.serve) as port:
        firing = Firing(**{**vars(begin_at(port, Burst(2, 2))), "timeout_s": 0.3})
        frames = await fired(process, firing)
    assert {row["error"] for row in frames["samples"]} == {Failure.TIMEOUT}


@pytest.mark.alone
async def test_the_longest_wait_between_two_pieces_is_recorded(process: Process) -> None:
    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await head_of(reader)
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for pause_s in (0, 0.02, 0.15, 0.02):
                await asyncio.sleep(pause_s)
                writer.write(b"5\r\ntoken\r\n")
                await until_read(writer)
            writer.write(b"0\r\n\r\n")

    async with serving(in_pieces) as port:
        firing = burst(port, "/", 3, 2, request_mode=RequestMode(chunks=True))
        frames = await fired(process, firing)
        plain = await fired(process, burst(port, "/", 1, 1))
    assert [row["status"] for row in frames["samples"]] == [200] * 3
    assert sorted(row["request"] for row in frames["chunks"]) == [0, 1, 2]
    for row in frames["chunks"]:
        assert row["chunks"] == 4
        assert row["longest_gap"] > 0.14e9
    assert min(row["longest_gap"] for row in frames["chunks"]) < 0.5e9
    assert plain["chunks"] == []


@pytest.mark.parametrize("load", [Burst(7, 2), Rate(70, 0.1)])
async def test_each_request_is_that_of_its_row(load: Load, process: Process) -> None:
    received: list[tuple[str, bytes]] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            first, headers = await head_of(reader)
            body = await reader.readexactly(int(headers["content-length"]))
            received.append((first.split()[1], body))
            writer.write(OK)

    rows = (("/1", "one"), ("/2", "two and more"), ("/3", ""))
    async with serving(note) as port:
        plain = burst(port, "/", 1, 1, method="POST", request_mode=RequestMode(rows=rows))
        frames = await fired(process, Firing(**{**vars(plain), "load": load}))
    assert len(frames["samples"]) == 7
    expected = sorted((path, body.encode()) for path, body in (rows * 3)[:7])
    assert sorted(received) == expected


@pytest.mark.parametrize("load", [Burst(20, 3), Rate(200, 0.1)])
async def test_each_request_of_a_mix_is_that_of_its_view(load: Load, process: Process) -> None:
    received: list[tuple[str, str, bytes]] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            first, headers = await head_of(reader)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            method, path, _ = first.split()
            received.append((f"{method} {path}", headers.get("x-view", ""), body))
            writer.write(OK)

    mix = (
        MixedView(3.0, "GET", (), (("/a/1", ""), ("/a/2", ""))),
        MixedView(1.0, "POST", (("X-View", "b"),), (("/b", "body"),)),
    )
    async with serving(note) as port:
        plain = burst(port, "/", 1, 1, seed=5, request_mode=RequestMode(mix=mix))
        frames = await fired(process, Firing(**{**vars(plain), "load": load}))
    order = assignment((3.0, 1.0), 20, 5)
    number = list(order).count(1)
    assert number in (5, 6)
    assert sorted(row["request"] for row in frames["samples"]) == list(range(20))
    assert [entry for entry in received if entry[0] == "POST /b"] == [
        ("POST /b", "b", b"body")
    ] * number
    paths = [entry[0] for entry in received if entry[0] != "POST /b"]
    assert abs(paths.count("GET /a/1") - paths.count("GET /a/2")) <= 1
    assert len(paths) == 20 - number
