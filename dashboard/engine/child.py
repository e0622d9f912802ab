"""The engine as a child: firings come as lines on stdin, frames leave on stdout every 40 ms."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

from dashboard.wire import frame

from .burst import Burst
from .collector import collector_off
from .commands import Commands, Order
from .pipe import Pipe

FRAME_INTERVAL_S = 0.04
LAST_WORDS_S = 1.0  # to write what is left, once our owner has closed stdin and may not read


async def serve() -> str | None:
    """Fire what is asked for, one after another, until stdin ends or nobody reads any more.

    Returns a complaint when that was because of a line which is not a command.
    """
    loop = asyncio.get_running_loop()
    _, commands = await loop.connect_read_pipe(Commands, sys.stdin)
    pipe = await Pipe.open(commands.end)
    serving = asyncio.create_task(_serve(commands, pipe))
    ended = asyncio.create_task(commands.ended.wait())
    await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        await asyncio.wait_for(serving, LAST_WORDS_S)
    return commands.complaint


async def _serve(commands: Commands, pipe: Pipe) -> None:
    while order := await commands.next():
        with collector_off():
            await _fire(order, pipe)
        commands.served()
    await pipe.close()


async def _fire(order: Order, pipe: Pipe) -> None:
    cpu_ns = time.process_time_ns()
    burst = order.begin()
    pipe.write(frame.encode_event({"event": "began", "origin_ns": burst.origin_ns}))
    frames = asyncio.create_task(_send_frames(burst, pipe))
    try:
        await burst.fire()
    finally:
        frames.cancel()
    wall_ns, cpu_ns = time.monotonic_ns() - burst.origin_ns, time.process_time_ns() - cpu_ns
    while data := burst.next_frame():
        await pipe.drain()
        pipe.write(data)
    event = {
        "event": "fired",
        "requests": burst.recorder.rows,
        "stopped": burst.stopped,
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
    }
    pipe.write(frame.encode_event(event))
    await burst.close()


async def _send_frames(burst: Burst, pipe: Pipe) -> None:
    while True:
        await asyncio.sleep(FRAME_INTERVAL_S)
        while pipe.free and (data := burst.next_frame()):
            pipe.write(data)
