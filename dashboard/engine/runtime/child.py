"""The engine as a child: firings come as lines on stdin, frames leave on stdout every 40 ms."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

from dashboard.engine.loads.factory import FiringDriver
from dashboard.engine.loads.neighbour import LAST_ANSWERS_S, Neighbour
from dashboard.engine.loads.websocket import WebSocketDriver
from dashboard.engine.timing.heartbeat import Heartbeat
from dashboard.wire import frame
from dashboard.wire.percentile import nearest_rank

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
    neighbour = order.neighbour()
    driver = order.begin()
    if order.is_shared:
        pipe.write(frame.encode_event({"event": "ready"}))
        await order.wait_to_begin()
    pipe.write(frame.encode_event({"event": "began", "origin_ns": driver.origin_ns}))
    neighbour.begin(driver.origin_ns)
    frames = asyncio.create_task(_send_frames(driver, neighbour, pipe))
    with Heartbeat() as heartbeat:
        try:
            await driver.fire()
        finally:
            frames.cancel()
    wall_ns, cpu_ns = time.monotonic_ns() - driver.origin_ns, time.process_time_ns() - cpu_ns
    await neighbour.end(patience_s=0 if driver.stopped else LAST_ANSWERS_S)
    while data := driver.next_frame() or neighbour.next_frame():
        await pipe.drain()
        pipe.write(data)
    errors_ns = driver.scheduling_errors_ns()
    event = {
        "event": "fired",
        "requests": driver.recorder.rows,
        "stopped": driver.stopped,
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "loop_lag_p99_ns": heartbeat.p99_ns,
        "loop_lag_max_ns": heartbeat.max_ns,
        "stalls_ns": heartbeat.stalls_ns(driver.origin_ns),
        "scheduling_error_p99_ns": errors_ns and nearest_rank(errors_ns, 99.0),
        "scheduling_error_max_ns": errors_ns[-1] if errors_ns else None,
    }
    if isinstance(driver, WebSocketDriver):
        event["websocket"] = driver.said()
    pipe.write(frame.encode_event(event))
    await driver.close()


async def _send_frames(driver: FiringDriver, neighbour: Neighbour, pipe: Pipe) -> None:
    while True:
        await asyncio.sleep(FRAME_INTERVAL_S)
        while pipe.free and (data := driver.next_frame() or neighbour.next_frame()):
            pipe.write(data)
