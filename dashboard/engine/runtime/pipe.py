"""Envelopes to stdout, written without blocking a firing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Self

from dashboard.wire import frame

PIPE_BYTES = 1 << 20  # buffered for the dashboard; more waits in the recorder


class Pipe(asyncio.BaseProtocol):
    """Takes payloads without blocking; `free` is false while PIPE_BYTES are buffered."""

    _transport: asyncio.WriteTransport

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._free = asyncio.Event()
        self._free.set()
        self._lost = asyncio.Event()

    @classmethod
    async def open(cls, on_lost: Callable[[], None]) -> Self:
        """Open stdout; `on_lost` is called when its reader has gone."""
        loop = asyncio.get_running_loop()
        _, pipe = await loop.connect_write_pipe(lambda: cls(on_lost), sys.stdout)
        return pipe

    @property
    def free(self) -> bool:
        """Whether a payload may be written now."""
        return self._free.is_set()

    def write(self, payload: bytes) -> None:
        """Write a payload in its envelope; drop it if the reader has gone."""
        if not self._lost.is_set():
            self._transport.write(frame.envelop(frame.NOT_STORED, payload))

    async def drain(self) -> None:
        """Wait until a payload may be written."""
        await self._free.wait()

    async def close(self) -> None:
        """Write what is buffered, and close."""
        self._transport.close()
        await self._lost.wait()

    # asyncio.BaseProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Set the size of the buffer."""
        self._transport = transport  # type: ignore[assignment]
        self._transport.set_write_buffer_limits(high=PIPE_BYTES)

    def pause_writing(self) -> None:
        """Stop: the buffer is full."""
        self._free.clear()

    def resume_writing(self) -> None:
        """Continue: the buffer has room again."""
        self._free.set()

    def connection_lost(self, error: Exception | None) -> None:
        """Release `drain`, and report that the pipe is closed."""
        self._lost.set()
        self._free.set()
        self._on_lost()
