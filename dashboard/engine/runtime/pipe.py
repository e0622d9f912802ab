"""The way out: envelopes on stdout, never waited for while a burst is on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Self

from dashboard.wire import frame

PIPE_BYTES = 1 << 20  # under way to the dashboard; more waits in the recorder


class Pipe(asyncio.BaseProtocol):
    """Takes payloads without blocking; beyond PIPE_BYTES it is not `free` and asks to wait."""

    _transport: asyncio.WriteTransport

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self._on_lost = on_lost
        self._free = asyncio.Event()
        self._free.set()
        self._lost = asyncio.Event()

    @classmethod
    async def open(cls, on_lost: Callable[[], None]) -> Self:
        """Write to stdout from now on; `on_lost` is called when nobody reads it any more."""
        loop = asyncio.get_running_loop()
        _, pipe = await loop.connect_write_pipe(lambda: cls(on_lost), sys.stdout)
        return pipe

    @property
    def free(self) -> bool:
        """Whether a payload may be written now."""
        return self._free.is_set()

    def write(self, payload: bytes) -> None:
        """Hand a payload over, in its envelope; after the reader has gone it is dropped."""
        if not self._lost.is_set():
            self._transport.write(frame.envelop(frame.NOT_STORED, payload))

    async def drain(self) -> None:
        """Wait until a payload may be written."""
        await self._free.wait()

    async def close(self) -> None:
        """Write all that was handed over, and end."""
        self._transport.close()
        await self._lost.wait()

    # asyncio.BaseProtocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Stdout is ready."""
        self._transport = transport  # type: ignore[assignment]
        self._transport.set_write_buffer_limits(high=PIPE_BYTES)

    def pause_writing(self) -> None:
        """Too much is under way."""
        self._free.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._free.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The reader has gone, or we have closed; nobody shall wait for room."""
        self._lost.set()
        self._free.set()
        self._on_lost()
