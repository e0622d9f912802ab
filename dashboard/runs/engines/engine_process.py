"""The engine as a child process: a plan goes down its stdin, frames come up its stdout."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from dashboard.wire import frame
from dashboard.wire.errors import EngineFailed
from dashboard.wire.plan import Firing

READ_BYTES = 1 << 20


class Child(Protocol):
    """A started process, as `targets.launcher` hands it out."""

    @property
    def status(self) -> int | None:
        """Its exit status; None while it runs."""

    def kill(self) -> None:
        """End it and everything below it at once."""


class Engine:
    """One engine process; serves one firing after another and ends with its owner."""

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
        self._pipe = pipe  # that the frames come from
        self._envelopes = frame.EnvelopeReader()
        self._firing = False

    @property
    def fit(self) -> bool:
        """Whether it lives and is not in the middle of a firing that was left alone."""
        return self._child.status is None and not self._firing

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Fire and yield each payload (frame or event) as it comes, the event `fired` last.

        Raises EngineFailed when the engine dies in the middle.
        """
        self._firing = True
        self._say({"fire": firing.to_json()})
        while data := await self._frames.read(READ_BYTES):
            for _, payload in self._envelopes.feed(data):
                if frame.is_event(payload) and json.loads(payload)["event"] == "fired":
                    self._firing = False
                yield payload
                if not self._firing:
                    return
        raise EngineFailed(
            "The engine ended in the middle of a firing; engine.log has its last words."
        )

    def begin(self, origin_ns: int) -> None:
        """The instant at which a firing begins that is shared with other engines."""
        self._say({"begin": origin_ns})

    def stop(self) -> None:
        """Record what is in flight as aborted; `fire` then ends with its last frames."""
        self._say({"stop": True})

    def close(self) -> None:
        """End the process; harmless when it is gone already."""
        self._plans.close()
        self._pipe.close()
        self._child.kill()

    def _say(self, message: Mapping[str, Any]) -> None:
        self._plans.write(json.dumps(message).encode() + b"\n")


async def plan_writer(descriptor: int) -> asyncio.WriteTransport:
    """The end of the plan's pipe that we write to."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_write_pipe(asyncio.Protocol, os.fdopen(descriptor, "wb", 0))
    return transport


async def frame_reader(descriptor: int) -> tuple[asyncio.StreamReader, asyncio.ReadTransport]:
    """The end of the frames' pipe that we read from, and what closes it."""
    reader = asyncio.StreamReader(limit=READ_BYTES)
    protocol = asyncio.StreamReaderProtocol(reader)
    pipe = os.fdopen(descriptor, "rb", 0)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
    return reader, transport
