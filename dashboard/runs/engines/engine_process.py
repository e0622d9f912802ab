"""The engine as a child process: firings go to its stdin, frames come from its stdout."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from typing import Protocol

from dashboard.wire import frame
from dashboard.wire.errors import EngineFailed
from dashboard.wire.events import EngineCommand
from dashboard.wire.plan.plan import Firing

READ_BYTES = 1 << 20
SILENT_S = 2.0  # without a frame, before the engine's process is looked at


class Child(Protocol):
    """A started process, as `targets.supervise.launcher` returns it."""

    @property
    def status(self) -> int | None:
        """The exit status; None while it runs."""

    @property
    def suspended(self) -> bool:
        """True if it is stopped by a signal, and does nothing."""

    def kill(self) -> None:
        """End the process and everything below it at once."""


class Engine:
    """One engine process, which performs one firing after another and ends with its owner."""

    def __init__(
        self,
        child: Child,
        plans: asyncio.WriteTransport,
        frames: asyncio.StreamReader,
        pipe: asyncio.ReadTransport,
    ) -> None:
        self._child = child
        self._plans = plans
        self._frames = frames
        self._pipe = pipe  # of `frames`
        self._envelopes = frame.EnvelopeReader()
        self._firing = False

    @property
    def fit(self) -> bool:
        """True if it is alive, not suspended, and in no firing that was abandoned."""
        return self._child.status is None and not self._firing and not self._child.suspended

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Fire and yield each payload (frame or event) as it comes, the event `fired` last.

        Raises EngineFailed if the engine dies or is suspended in the middle.
        """
        self._firing = True
        self._send({"fire": firing.to_json()})
        while data := await self._read():
            for _, payload in self._envelopes.feed(data):
                if frame.is_event(payload) and json.loads(payload)["event"] == "fired":
                    self._firing = False
                yield payload
                if not self._firing:
                    return
        raise EngineFailed(
            "The load generator ended in the middle of a firing; see engine.log for the reason."
        )

    async def _read(self) -> bytes:
        """Return what the engine sent, empty at its end; raises EngineFailed if it is suspended."""
        reading = asyncio.ensure_future(self._frames.read(READ_BYTES))
        try:
            while not (await asyncio.wait({reading}, timeout=SILENT_S))[0]:
                if self._child.suspended:
                    raise EngineFailed(
                        "The load generator was suspended in the middle of a firing."
                    )
            return await reading
        finally:
            reading.cancel()

    def begin(self, origin_ns: int) -> None:
        """Begin a firing that is shared with other engines at this instant."""
        self._send({"begin": origin_ns})

    def stop(self) -> None:
        """Abort what is in flight; `fire` then ends with its last frames."""
        self._send({"stop": True})

    def close(self) -> None:
        """End the process; does nothing if it is gone."""
        self._plans.close()
        self._pipe.close()
        self._child.kill()

    def _send(self, message: EngineCommand) -> None:
        self._plans.write(json.dumps(message).encode() + b"\n")


async def plan_writer(descriptor: int) -> asyncio.WriteTransport:
    """Return a transport that writes firings to this pipe."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(descriptor, "wb", 0))
    return transport


async def frame_reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """Return a reader of the frames in this pipe, and the transport that closes it."""
    reader = asyncio.StreamReader(limit=READ_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader, transport
