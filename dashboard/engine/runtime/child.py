"""The load generator as a child: firings are lines on stdin, frames leave stdout as reports.

A report is what has finished since the last one, then what has begun; it is due every 16 ms in the
first second of a firing, in which there is most to see, and every 40 ms from then on.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import suppress

from dashboard.engine.loads.bystander import LAST_RESPONSES_S, Bystander
from dashboard.engine.loads.factory import FiringDriver
from dashboard.engine.loads.websocket import WebSocketDriver
from dashboard.engine.timing.heartbeat import Heartbeat
from dashboard.wire import frame
from dashboard.wire.events import EngineFired
from dashboard.wire.percentile import nearest_rank
from dashboard.wire.units import NS_PER_S

from .collector import collector_off
from .commands import Commands, QueuedFiring
from .pipe import Pipe

REPORT_S = 0.04
# In the first second of a firing. Each report looks at every request in flight; with more than so
# many the longer interval is kept. An estimate, not measured: 0.1 µs each are 1.2 % of a core.
FIRST_REPORTS_S = 0.016
FIRST_S = 1.0
FIRST_MOST_IN_FLIGHT = 2_000
SHARE_OVER_NS = 1 << 52  # later than any instant, and exact in a browser
CLOSE_TIMEOUT_S = 1.0  # to write what is left, once the parent has closed stdin and may not read


async def serve() -> str | None:
    """Execute firings one after another until stdin ends or the reader of stdout has gone.

    Return an error message if a line was not a command; else None.
    """
    loop = asyncio.get_running_loop()
    _, commands = await loop.connect_read_pipe(Commands, sys.stdin)
    pipe = await Pipe.open(commands.end)
    serving = asyncio.create_task(_serve(commands, pipe))
    ended = asyncio.create_task(commands.ended.wait())
    await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
    with suppress(TimeoutError):
        await asyncio.wait_for(serving, CLOSE_TIMEOUT_S)
    return commands.error


async def _serve(commands: Commands, pipe: Pipe) -> None:
    while queued := await commands.next():
        with collector_off():
            await _fire(queued, pipe)
        commands.remove_first()
    await pipe.close()


async def _fire(queued: QueuedFiring, pipe: Pipe) -> None:
    cpu_ns = time.process_time_ns()
    bystander = queued.make_bystander()
    driver = queued.make_driver()
    if queued.is_shared:
        pipe.write(frame.encode_event({"event": "ready"}))
        await queued.wait_for_origin()
    pipe.write(frame.encode_event({"event": "began", "origin_ns": driver.origin_ns}))
    bystander.start(driver.origin_ns)
    frames = asyncio.create_task(_send_reports(driver, bystander, pipe))
    with Heartbeat() as heartbeat:
        try:
            await driver.fire()
        finally:
            frames.cancel()
    wall_ns = time.monotonic_ns() - driver.origin_ns
    used_ns = time.process_time_ns() - cpu_ns
    await bystander.end(timeout_s=0 if driver.stopped else LAST_RESPONSES_S)
    while data := driver.next_frame() or bystander.next_frame():
        await pipe.drain()
        pipe.write(data)
    if queued.is_shared:  # the others may go on: nothing of this share is in flight any more
        pipe.write(driver.recorder.begun((), SHARE_OVER_NS))
    fired = _fired_event(driver, heartbeat, wall_ns=wall_ns, cpu_ns=used_ns)
    pipe.write(frame.encode_event(fired))
    await driver.close()


def _fired_event(
    driver: FiringDriver, heartbeat: Heartbeat, *, wall_ns: int, cpu_ns: int
) -> EngineFired:
    """Return the event `fired` (docs/frame.md)."""
    errors_ns = driver.scheduling_errors_ns()
    event: EngineFired = {
        "event": "fired",
        "requests": driver.recorder.rows,
        "stopped": driver.stopped,
        "wall_ns": wall_ns,
        "cpu_ns": cpu_ns,
        "loop_lag_p99_ns": heartbeat.p99_ns,
        "loop_lag_max_ns": heartbeat.max_ns,
        "stalls_ns": [list(stall) for stall in heartbeat.stalls_ns(driver.origin_ns)],
        "scheduling_error_p99_ns": nearest_rank(errors_ns, 99.0) if errors_ns else None,
        "scheduling_error_max_ns": errors_ns[-1] if errors_ns else None,
    }
    if isinstance(driver, WebSocketDriver):
        event["websocket"] = driver.websocket_summary()
    return event


async def _send_reports(driver: FiringDriver, bystander: Bystander, pipe: Pipe) -> None:
    while True:
        elapsed_s = (time.monotonic_ns() - driver.origin_ns) / NS_PER_S
        await asyncio.sleep(report_interval_s(elapsed_s, driver.in_flight))
        while pipe.free and (data := driver.next_frame() or bystander.next_frame()):
            pipe.write(data)
        if pipe.free and (data := driver.begun_frame()):
            pipe.write(data)


def report_interval_s(elapsed_s: float, in_flight: int) -> float:
    """Return how long until the next report, so long after the origin of a firing."""
    first = elapsed_s < FIRST_S and in_flight <= FIRST_MOST_IN_FLIGHT
    return FIRST_REPORTS_S if first else REPORT_S
