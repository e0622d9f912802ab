"""Measures the load generator against a server that answers at once: its floor and its limit.

Both are shown beside every run and stored with it: the numbers of a lane as fast as the load
generator are not the lane's own.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from statistics import median

from django.db.models import QuerySet
from django.utils import timezone

from dashboard.models import Calibration
from dashboard.runs.resources import Engine, NullServer
from dashboard.wire import frame
from dashboard.wire.errors import EngineFailed
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Burst, Firing
from dashboard.wire.units import NS_PER_MS, NS_PER_S

FRESH_FOR = timedelta(hours=12)
CONNECTIONS = 64
# Both are bounded in number and in time, so that a run started meanwhile waits for a second at
# most. What was answered by then counts.
FLOOR_REQUESTS, FLOOR_S = 400, 0.25
LIMIT_REQUESTS, LIMIT_S = 30_000, 0.5
TIMEOUT_S = 1.0
START_S = 10.0  # at most, until the null server is up

Times = list[tuple[int, int]]  # due and done of each successful request, in ns


def fresh_calibrations() -> QuerySet[Calibration]:
    """Return the calibrations that are not too old, the last one first."""
    return Calibration.objects.filter(measured__gte=timezone.now() - FRESH_FOR)


async def fresh_calibration() -> Calibration | None:
    """Return the last calibration, None if it is too old."""
    return await fresh_calibrations().afirst()


async def calibrate(engine: Engine, null_server: NullServer) -> Calibration:
    """Measure floor and limit and store them. Takes a second and the null server's start.

    Raises EngineFailed if no request succeeds, or the engine dies.
    """
    async with null_server() as (host, port):
        # Wait for its start, which takes long on a busy machine and is not the engine's doing.
        await _times(engine, host, port, Burst(1, 1), START_S, timeout_s=START_S)
        busy = await _times(engine, host, port, Burst(LIMIT_REQUESTS, CONNECTIONS), LIMIT_S)
        alone = await _times(engine, host, port, Burst(FLOOR_REQUESTS, 1), FLOOR_S)
    if not busy or not alone:
        raise EngineFailed("The engine could not be measured: the null server answered nothing.")
    span_ns = max(done for _, done in busy) - min(due for due, _ in busy)
    return await Calibration.objects.acreate(
        floor_ms=median(done - due for due, done in alone) / NS_PER_MS,
        limit_rps=len(busy) / (span_ns / NS_PER_S),
    )


async def _times(
    engine: Engine,
    host: str,
    port: int,
    load: Burst,
    longest_s: float,
    *,
    timeout_s: float = TIMEOUT_S,
) -> Times:
    firing = Firing(0, 1, host, port, path="/", load=load, timeout_s=timeout_s)
    alarm = asyncio.get_running_loop().call_later(longest_s, engine.stop)
    times: Times = []
    try:
        async for payload in engine.fire(firing):
            if not frame.is_event(payload):
                times += _successful(frame.decode(payload))
    finally:
        alarm.cancel()
    return times


def _successful(decoded: frame.Frame) -> Times:
    if decoded.kind != "samples":
        return []
    names = ("due", "done", "error")
    rows = zip(*(decoded.columns[name] for name in names), strict=True)
    return [(due, done) for due, done, error in rows if error == Failure.NONE]
