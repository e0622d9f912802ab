"""The engine as a child: firings come as lines on stdin, frames leave on stdout every 40 ms."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from typing import Any, Self

from dashboard.wire import frame
from dashboard.wire.plan import Firing

from .burst import Burst

FRAME_INTERVAL_S = 0.04
PIPE_BYTES = 1 << 20  # under way to the dashboard; more waits in the recorder


class Commands(asyncio.Protocol):
    """Lines of JSON on stdin: firings queue up, `stop` reaches the one that is on."""

    def __init__(self) -> None:
        self.firings: asyncio.Queue[Firing | None] = asyncio.Queue()
        self.burst: Burst | None = None
        self._pending = b""

    def data_received(self, data: bytes) -> None:
        """Whatever came, cut into lines."""
        *lines, self._pending = (self._pending + data).split(b"\n")
        for line in lines:
            self._obey(json.loads(line))

    def eof_received(self) -> None:
        """Nobody is left to fire for."""
        self._stop()
        self.firings.put_nowait(None)

    def _obey(self, command: dict[str, Any]) -> None:
        if "fire" in command:
            self.firings.put_nowait(Firing.from_json(command["fire"]))
        elif command.get("stop"):
            self._stop()

    def _stop(self) -> None:
        if self.burst:
            self.burst.stop()


class Pipe(asyncio.BaseProtocol):
    """The way out: never blocks the engine, and takes no more than PIPE_BYTES at a time."""

    def __init__(self) -> None:
        self._free = asyncio.Event()
        self._free.set()

    @classmethod
    async def open(cls) -> Self:
        """Write to stdout from now on."""
        loop = asyncio.get_running_loop()
        transport, pipe = await loop.connect_write_pipe(cls, sys.stdout)
        transport.set_write_buffer_limits(high=PIPE_BYTES)
        pipe.transport = transport
        return pipe

    transport: asyncio.WriteTransport

    def pause_writing(self) -> None:
        """Too much is under way."""
        self._free.clear()

    def resume_writing(self) -> None:
        """There is room again."""
        self._free.set()

    @property
    def free(self) -> bool:
        """Whether a payload may be written without waiting."""
        return self._free.is_set()

    def write(self, payload: bytes) -> None:
        """Hand a payload over, in its envelope."""
        self.transport.write(frame.envelop(frame.NOT_STORED, payload))

    async def drain(self) -> None:
        """Wait until there is room."""
        await self._free.wait()


async def serve() -> None:
    """Fire what is asked for, one after another, until stdin ends."""
    loop = asyncio.get_running_loop()
    _, commands = await loop.connect_read_pipe(Commands, sys.stdin)
    pipe = await Pipe.open()
    while firing := await commands.firings.get():
        await _fire(firing, commands, pipe)
    await pipe.drain()


async def _fire(firing: Firing, commands: Commands, pipe: Pipe) -> None:
    gc.collect()
    gc.disable()  # a pause of the collector would look like a slow server
    cpu_ns = time.process_time_ns()
    burst = commands.burst = Burst(firing)
    origin_ns = burst.recorder.origin_ns
    pipe.write(frame.encode_event({"event": "began", "origin_ns": origin_ns}))
    frames = asyncio.create_task(_send_frames(burst, pipe))
    try:
        await burst.fire()
    finally:
        commands.burst = None
        frames.cancel()
        gc.enable()
    while data := burst.recorder.next_frame():
        await pipe.drain()
        pipe.write(data)
    pipe.write(
        frame.encode_event(
            {
                "event": "fired",
                "requests": burst.recorder.samples.rows,
                "stopped": burst.stopped,
                "wall_ns": time.monotonic_ns() - origin_ns,
                "cpu_ns": time.process_time_ns() - cpu_ns,
            }
        )
    )


async def _send_frames(burst: Burst, pipe: Pipe) -> None:
    while True:
        await asyncio.sleep(FRAME_INTERVAL_S)
        while pipe.free and (data := burst.recorder.next_frame()):
            pipe.write(data)
