"""The bystander: a regular trickle beside the load, on its own connections, while it lasts."""

from __future__ import annotations

import asyncio
import json
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from dashboard.wire.failure import Failure
from dashboard.wire.frame import EnvelopeReader, decode, is_event
from dashboard.wire.plan.bystander import MARK
from dashboard.wire.plan.plan import BYSTANDER_RPS, Firing
from dashboard.wire.plan.request_mode import RequestMode, Upload
from tests.firing import burst

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

LOAD_S = 0.6  # how long the one request of the load takes
HANGS_S = 30.0


@dataclass
class Seen:
    """What a server received: request lines by connection, and when the bystander's arrived."""

    connections: list[list[str]] = field(default_factory=list)
    bystander_s: list[float] = field(default_factory=list)


@asynccontextmanager
async def slow_for_some(hangs: bool = False) -> AsyncIterator[tuple[int, Seen]]:
    """Respond to `/slow` after LOAD_S, to other paths at once or, if `hangs`, never."""
    seen = Seen()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines: list[str] = []
        seen.connections.append(lines)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines.append(head.decode().split("\r\n")[0])
                slow = "/slow" in lines[-1]
                if not slow:
                    seen.bystander_s.append(time.monotonic())
                length = [line for line in head.decode().split("\r\n") if "Length:" in line]
                await reader.readexactly(int(length[0].split()[1]) if length else 0)
                await asyncio.sleep(LOAD_S if slow else HANGS_S if hangs else 0)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], seen


async def rows_by_kind(process: Any, firing: Firing, *, stop: bool = False) -> dict[str, Any]:
    """Fire; return the rows of each kind of frame and the events. `stop`: as soon as it began."""
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    result: dict[str, Any] = {"samples": [], "neighbour": []}
    reader = EnvelopeReader()
    while "fired" not in result:
        for _, payload in reader.feed(await process.stdout.read(65536)):
            if is_event(payload):
                event = json.loads(payload)
                result[event["event"]] = event
                if stop and event["event"] == "began":
                    process.stdin.write(b'{"stop": true}\n')
            elif (frame := decode(payload)).kind in result:
                columns = frame.columns
                result[frame.kind] += [
                    {name: columns[name][at] for name in columns} for at in range(frame.rows)
                ]
    return result


def firing_at(port: int, **more: Any) -> Firing:
    return burst(port, "/slow", 1, 1, bystander_path="/ping/", **more)


async def test_it_is_regular_and_never_among_the_samples(process: Process) -> None:
    async with slow_for_some() as (port, seen):
        result = await rows_by_kind(process, firing_at(port))
    assert [row["request"] for row in result["samples"]] == [0]
    expected = LOAD_S * BYSTANDER_RPS
    rows = result["neighbour"]
    assert expected - 2 <= len(rows) <= expected + 2
    assert [row["due"] for row in rows] == [
        round(number * 1e9 / BYSTANDER_RPS) for number in range(len(rows))
    ]
    assert all(row["status"] == 200 and row["error"] == Failure.NONE for row in rows)
    assert len(seen.bystander_s) == len(rows)


async def test_it_has_its_own_connections_and_a_mark(process: Process) -> None:
    async with slow_for_some() as (port, seen):
        firing = firing_at(port, method="POST", request_mode=RequestMode(upload=Upload("file", 9)))
        await rows_by_kind(process, firing)
    # A response later than the next `due` costs the bystander another connection.
    assert ["POST /slow HTTP/1.1"] in seen.connections
    bystanders = [lines for lines in seen.connections if "/slow" not in lines[0]]
    assert {line for lines in bystanders for line in lines} == {f"GET /ping/?{MARK} HTTP/1.1"}
    assert len(bystanders) == len(seen.connections) - 1


async def test_after_the_load_its_last_requests_have_a_short_timeout(process: Process) -> None:
    async with slow_for_some(hangs=True) as (port, _):
        result = await rows_by_kind(process, firing_at(port))
    assert result["fired"]["requests"] == 1
    assert {row["error"] for row in result["neighbour"]} == {Failure.ABORTED}
    assert min(row["done"] - row["due"] for row in result["neighbour"]) >= 0.9e9


async def test_stop_does_not_wait_for_it(process: Process) -> None:
    async with slow_for_some(hangs=True) as (port, _):
        began_s = time.monotonic()
        result = await rows_by_kind(process, firing_at(port), stop=True)
    assert result["fired"]["stopped"]
    assert time.monotonic() - began_s < HANGS_S / 3


async def test_without_a_path_there_is_none(process: Process) -> None:
    async with slow_for_some() as (port, _):
        result = await rows_by_kind(process, burst(port, "/slow", 1, 1))
    assert result["neighbour"] == []
