"""Websockets held open: a sample is one message and its answer."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from dashboard.wire.failure import Failure
from dashboard.wire.plan.load import Burst
from dashboard.wire.plan.plan import Firing
from dashboard.wire.plan.request_mode import RequestMode
from tests.engine.http.test_request_modes import fired
from tests.firing import burst

pytestmark = [pytest.mark.processes, pytest.mark.asyncio(loop_scope="module")]

Answer = Callable[[ServerConnection, Any], Awaitable[None]]


@asynccontextmanager
async def echoing(answer: Answer) -> AsyncIterator[tuple[int, list[list[str]]]]:
    """Serve websockets; yield the port, and the messages received on each connection."""
    received: list[list[str]] = []

    async def handle(connection: ServerConnection) -> None:
        mine: list[str] = []
        received.append(mine)
        async for message in connection:
            mine.append(str(message))
            try:
                await answer(connection, message)
            except ConnectionClosed:
                return

    async with serve(handle, "127.0.0.1", 0) as server:
        yield next(iter(server.sockets)).getsockname()[1], received


async def echo(connection: ServerConnection, message: str) -> None:
    await connection.send(message)


def at(port: int, load: Burst, **more: Any) -> Firing:
    plain = burst(port, "/ws/echo/", 1, 1, request_mode=RequestMode(websocket=True), **more)
    return Firing(**{**vars(plain), "load": load})


async def test_every_message_is_answered_on_open_connections(process: Process) -> None:
    async with echoing(echo) as (port, received):
        frames = await fired(process, at(port, Burst(100, 10)))
    rows = frames["samples"]
    assert sorted(row["request"] for row in rows) == list(range(100))
    assert {(row["status"], row["error"]) for row in rows} == {(101, Failure.NONE)}
    assert len(received) == 10
    assert sorted(int(text) for mine in received for text in mine) == list(range(100))
    assert all(row["due"] <= row["sent_first"] <= row["first_byte"] <= row["done"] for row in rows)


async def test_messages_of_a_connection_are_spaced_and_connections_are_staggered(
    process: Process,
) -> None:
    async with echoing(echo) as (port, _):
        frames = await fired(process, at(port, Burst(12, 4, every_s=0.2)))
    due = sorted(row["due"] for row in frames["samples"])
    assert due == [round(number * 0.05e9) for number in range(12)]
    assert all(row["sent_first"] >= row["due"] for row in frames["samples"])


async def test_a_message_that_has_to_wait_keeps_its_due(process: Process) -> None:
    async def slowly(connection: ServerConnection, message: str) -> None:
        await asyncio.sleep(0.15)
        await connection.send(message)

    async with echoing(slowly) as (port, _):
        frames = await fired(process, at(port, Burst(4, 1, every_s=0.05)))
    rows = sorted(frames["samples"], key=lambda row: row["request"])
    assert [row["due"] for row in rows] == [0, 50_000_000, 100_000_000, 150_000_000]
    assert rows[-1]["done"] - rows[-1]["due"] > 0.4e9  # four times 0.15 s, minus 0.15 s


async def test_other_messages_are_not_the_answer(process: Process) -> None:
    async def chatty(connection: ServerConnection, message: str) -> None:
        await connection.send("welcome")
        await connection.send(message.encode())  # binary, so another message
        await connection.send(message)

    async with echoing(chatty) as (port, _):
        frames = await fired(process, at(port, Burst(6, 2)))
    assert {row["error"] for row in frames["samples"]} == {Failure.NONE}


async def test_a_lost_connection_fails_the_message_in_flight_and_is_opened_anew(
    process: Process,
) -> None:
    async def once(connection: ServerConnection, message: str) -> None:
        if message == "2":
            connection.transport.abort()
        else:
            await connection.send(message)

    async with echoing(once) as (port, received):
        frames = await fired(process, at(port, Burst(6, 1)))
    errors = {row["request"]: row["error"] for row in frames["samples"]}
    assert errors.pop(2) in (Failure.CLOSED, Failure.RESET)
    assert set(errors.values()) == {Failure.NONE}
    assert len(received) == 2


async def test_a_connection_lost_while_idle_fails_the_next_message(process: Process) -> None:
    async def then_away(connection: ServerConnection, message: str) -> None:
        await connection.send(message)
        if message == "0":
            await connection.close()

    async with echoing(then_away) as (port, _):
        frames = await fired(process, at(port, Burst(3, 1, every_s=0.1)))
    errors = {row["request"]: row["error"] for row in frames["samples"]}
    assert errors == {0: Failure.NONE, 1: Failure.CLOSED, 2: Failure.NONE}


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", 403, Failure.STATUS),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, Failure.STATUS),
        (b"nonsense\r\n\r\n", 0, Failure.MALFORMED),
        (b"", 0, Failure.CLOSED),
    ],
)
async def test_a_server_without_websockets_is_a_failure(
    answer: bytes, status: int, error: Failure, process: Process
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        frames = await fired(process, at(port, Burst(3, 1)))
    assert [(row["status"], row["error"]) for row in frames["samples"]] == [(status, error)] * 3


async def test_a_message_without_an_answer_times_out(process: Process) -> None:
    async def silent(connection: ServerConnection, message: str) -> None:
        pass

    async with echoing(silent) as (port, _):
        frames = await fired(process, at(port, Burst(2, 2), timeout_s=0.2))
    assert {row["error"] for row in frames["samples"]} == {Failure.TIMEOUT}
