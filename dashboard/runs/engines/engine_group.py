"""Several engine processes as one: each fires its share of a load, all from the same instant.

The clock is the machine's, so one origin holds for all of them, and their frames are those of
one firing as they are: requests are numbered across the shares, and none is touched on its way.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from time import monotonic_ns

from dashboard.wire import frame
from dashboard.wire.events import Conversation, EngineEvent, EngineFired
from dashboard.wire.plan import ENGINE, MAX_CONCURRENCY, Burst, Firing, Load

from .engine_process import Engine

MAX_ENGINES = 16
AHEAD_NS = 5_000_000  # the origin lies so far in the future, so that every engine hears of it
MOST_WAITING = 16  # payloads that came and were not taken yet; more wait in the pipes


class EngineGroup:
    """Engines that fire together; to whoever asks them they are one `Engine`.

    `pools`: they also share a load whose requests wait for each other, see `shares_of`.
    """

    def __init__(self, engines: Sequence[Engine], *, pools: bool = False) -> None:
        self._engines = engines
        self._pools = pools
        self._firing: Sequence[Engine] = ()  # those that have a share of what is on
        self._stopped = False

    @property
    def fit(self) -> bool:
        """Whether all of them live and none is in the middle of a firing that was left alone."""
        return all(engine.fit for engine in self._engines)

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Fire and yield each payload as it comes: one `began` first, one `fired` last.

        Raises EngineFailed when any of them dies in the middle.
        """
        shares = shares_of(firing, len(self._engines), pools=self._pools)
        self._firing, self._stopped = self._engines[: len(shares)], False
        came: asyncio.Queue[bytes | Exception] = asyncio.Queue(MOST_WAITING)
        pairs = zip(self._firing, shares, strict=True)
        pumps = [asyncio.create_task(_pump(engine, share, came)) for engine, share in pairs]
        try:
            async for payload in self._merged(came):
                yield payload
        finally:
            self._firing = ()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def stop(self) -> None:
        """Record what is in flight as aborted, whoever fired it."""
        self._stopped = True
        for engine in self._firing:
            engine.stop()

    def close(self) -> None:
        """End the processes; harmless when they are gone already."""
        for engine in self._engines:
            engine.close()

    async def _merged(self, came: asyncio.Queue[bytes | Exception]) -> AsyncIterator[bytes]:
        ready = 0
        fired: list[EngineFired] = []
        while len(fired) < len(self._firing):
            payload = await came.get()
            if isinstance(payload, Exception):
                raise payload
            if not frame.is_event(payload):
                yield payload
                continue
            event: EngineEvent = json.loads(payload)
            fired += [event] if event["event"] == "fired" else []
            ready += event["event"] == "ready"
            if event["event"] == "ready" and ready == len(self._firing):
                yield self._begin()
            elif event["event"] == "began" and len(self._firing) == 1:
                yield payload
        yield frame.encode_event(merged(fired))

    def _begin(self) -> bytes:
        """Tell all of them when, now that each has made what it needs."""
        if self._stopped:  # it may have been said before they had heard what to fire
            self.stop()
        origin_ns = monotonic_ns() + AHEAD_NS
        for engine in self._firing:
            engine.begin(origin_ns)
        return frame.encode_event({"event": "began", "origin_ns": origin_ns})


async def _pump(engine: Engine, share: Firing, came: asyncio.Queue[bytes | Exception]) -> None:
    try:
        async for payload in engine.fire(share):
            await came.put(payload)
    except Exception as error:  # whoever fires must hear it
        await came.put(error)


def shares_of(firing: Firing, engines: int, *, pools: bool = False) -> list[Firing]:
    """What each of so many engines fires: every request once, and as many at once as before.

    Where requests wait for a slot, all slots are one pool: an engine that was through with its
    share before the others would leave its slots empty, and the load would be another one. Such
    a load is shared only with `pools`. There are fewer shares where fewer requests may be in
    flight. A client library fires in one process, as it does where it is at home. The neighbour
    belongs to the first share.
    """
    load = firing.load
    alone = firing.client != ENGINE or not (pools or all_at_once(load))
    most = 1 if alone else min(engines, load.concurrency, load.requests)
    return [
        replace(firing, engine=engine, engines=most, neighbour=None if engine else firing.neighbour)
        for engine in range(most)
    ]


def all_at_once(load: Load) -> bool:
    """Whether no request waits for the slot of another one."""
    return load.concurrency >= (load.requests if isinstance(load, Burst) else MAX_CONCURRENCY)


def merged(fired: Sequence[EngineFired]) -> EngineFired:
    """One event `fired` for all engines: sums of what they did, the worst of how late they were.

    `stalls_ns` are those of any. `busiest_cpu_ns` is the CPU time of the one that used most. A p99
    is the worst that is known: percentiles of several processes cannot be put together.
    """
    event: EngineFired = {
        "event": "fired",
        "engines": len(fired),
        "requests": sum(event["requests"] for event in fired),
        "stopped": any(event["stopped"] for event in fired),
        "cpu_ns": sum(event["cpu_ns"] for event in fired),
        "busiest_cpu_ns": max(event["cpu_ns"] for event in fired),
        "stalls_ns": sorted(stall for event in fired for stall in event["stalls_ns"]),
        "wall_ns": max(event["wall_ns"] for event in fired),
        "loop_lag_p99_ns": _largest(event["loop_lag_p99_ns"] for event in fired),
        "loop_lag_max_ns": _largest(event["loop_lag_max_ns"] for event in fired),
        "scheduling_error_p99_ns": _largest(event["scheduling_error_p99_ns"] for event in fired),
        "scheduling_error_max_ns": _largest(event["scheduling_error_max_ns"] for event in fired),
    }
    conversations = [event["websocket"] for event in fired if "websocket" in event]
    if conversations:
        event["websocket"] = _together(conversations)
    return event


def _together(conversations: Sequence[Conversation]) -> Conversation:
    """Return what servers said beside answers to all engines."""
    return {
        "ignored": sum(one["ignored"] for one in conversations),
        "without_answer": sum(one["without_answer"] for one in conversations),
        "last": next((one["last"] for one in conversations if one["last"]), ""),
    }


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
