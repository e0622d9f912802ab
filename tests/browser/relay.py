"""A TCP relay before the dashboard, whose connections can go silent without being closed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

READ_BYTES = 1 << 16


class Relay:
    """Forwards connections to an address. Its methods may be called from another thread."""

    def __init__(self, address: str) -> None:
        self._port_behind = urlsplit(address).port
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._open: list[Connection] = []
        self._silent: list[Connection] = []
        self._writers = set[asyncio.StreamWriter]()  # kept, so that each is closed by `end`
        self._port = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.listen()

    @property
    def address(self) -> str:
        """The address of the dashboard through it."""
        return f"http://127.0.0.1:{self._port}"

    def listen(self) -> None:
        """Accept connections, always at the same port."""
        self._do(self._listen())

    def silence(self) -> None:
        """Forward nothing more on the connections that are open, and close none of them."""
        self._do(self._silence())

    def close(self) -> None:
        """Refuse connections, and close those that are open: the dashboard is gone."""
        self._do(self._close())

    def end(self) -> None:
        """Close everything for good."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def _silence(self) -> None:
        for connection in self._open:
            connection.silence()
        self._silent += self._open
        self._open.clear()

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in self._open:
            connection.close()
        self._open.clear()

    async def _end(self) -> None:
        self._open += self._silent
        await self._close()
        # What was being accepted or forwarded ends in this loop, and not with a warning after it.
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)  # sockets are closed in the next turn

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            behind = await asyncio.open_connection("127.0.0.1", self._port_behind)
        except OSError:
            writer.close()
            return
        self._writers.add(behind[1])
        connection = Connection((reader, writer), behind)
        if self._server is None:  # closed meanwhile
            connection.close()
        else:
            self._open.append(connection)


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connection:
    """Two streams that are forwarded to each other."""

    def __init__(self, before: Stream, behind: Stream) -> None:
        self._writers = (before[1], behind[1])
        self._pumps = (
            asyncio.create_task(_pump(before[0], behind[1])),
            asyncio.create_task(_pump(behind[0], before[1])),
        )

    def silence(self) -> None:
        """Read nothing more, and write nothing more."""
        for pump in self._pumps:
            pump.cancel()

    def close(self) -> None:
        """Close both."""
        self.silence()
        for writer in self._writers:
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(READ_BYTES):
            writer.write(data)
            await writer.drain()
        writer.close()
    except ConnectionError:
        writer.close()


@contextmanager
def relaying(address: str) -> Iterator[Relay]:
    """A relay before the dashboard at an address."""
    relay = Relay(address)
    try:
        yield relay
    finally:
        relay.end()
