"""A server with any behaviour, good or bad, and a burst fired at it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

import uvloop

from dashboard.engine.loads.burst import BurstDriver
from dashboard.engine.recording.recorder import Recorder
from tests.firing import burst as firing_at

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
END_OF_HEAD = b"\r\n\r\n"
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 s


@dataclass
class Server:
    """Serves every connection; `answer` is called with each request's number."""

    answer: Behaviour
    port: int = 0
    requests: int = 0
    connections: int = 0
    heads: list[bytes] = field(default_factory=list)
    peers: set[Peer] = field(default_factory=set)


class Peer(asyncio.Protocol):
    """One connection of the server."""

    transport: asyncio.Transport

    def __init__(self, server: Server) -> None:
        self.server = server
        self.awaited = b""  # a body still to arrive; then the response is OK
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self.server.connections += 1
        self.server.peers.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        self.server.peers.discard(self)

    def data_received(self, data: bytes) -> None:
        self._head += data
        if self.awaited:
            if self._head == self.awaited:
                self._head = self.awaited = b""
                self.write(OK)
        elif END_OF_HEAD in self._head:
            self.server.heads.append(self._head)
            self._head = b""
            self.server.requests += 1
            self.server.answer(self, self.server.requests - 1)

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def write_endlessly(self, begin: bytes, more: bytes) -> None:
        """Write `begin`, then `more` in each turn of the loop until the connection closes."""
        self.write(begin)
        if not self.transport.is_closing():
            asyncio.get_running_loop().call_soon(self.write_endlessly, more, more)


Behaviour: TypeAlias = Callable[[Peer, int], None]


def responds(*parts: bytes, close: bool = False) -> Behaviour:
    """Respond to every request with these bytes, then close if `close`."""

    def answer(peer: Peer, number: int) -> None:
        for part in parts:
            peer.write(part)
        if close:
            peer.transport.close()

    return answer


def resets(peer: Peer, number: int) -> None:
    """Reset the connection."""
    connection = peer.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    peer.transport.abort()


def byte_by_byte(data: bytes) -> Behaviour:
    """Respond with one byte in each turn of the loop."""

    def answer(peer: Peer, number: int, position: int = 0) -> None:
        peer.write(data[position : position + 1])
        if position + 1 < len(data):
            asyncio.get_running_loop().call_soon(answer, peer, number, position + 1)

    return answer


@asynccontextmanager
async def serving(answer: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve on a free port of loopback during the block."""
    server = Server(answer)
    listening = await asyncio.get_running_loop().create_server(
        lambda: Peer(server), "127.0.0.1", 0, backlog=2048, ssl=tls
    )
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        while server.peers:  # they must close before the loop does
            for peer in server.peers:
                peer.transport.abort()
            await asyncio.sleep(0)


@dataclass
class Shot:
    """One burst: its rows, its driver, and its server."""

    rows: list[dict[str, int]]
    burst: BurstDriver
    server: Server

    def errors(self) -> set[int]:
        return {row["error"] for row in self.rows}


class Recorded(Protocol):
    """A driver, which has a recorder."""

    recorder: Recorder


def rows_of(driver: Recorded) -> list[dict[str, int]]:
    columns = driver.recorder.columns(0, driver.recorder.rows)
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def shoot(
    answer: Behaviour,
    requests: int,
    concurrency: int,
    *,
    aside: Callable[[BurstDriver], Awaitable[None]] | None = None,
    **more: object,
) -> Shot:
    """Fire a burst at a server with this behaviour, on uvloop as the load generator does."""

    async def main() -> Shot:
        async with serving(answer) as server:
            burst = BurstDriver(firing_at(server.port, "/", requests, concurrency, **more))
            beside = asyncio.ensure_future(aside(burst)) if aside else None
            await asyncio.wait_for(burst.fire(), 20)
            await burst.close()
            if beside:
                await beside
            return Shot(rows_of(burst), burst, server)

    return uvloop.run(main())
