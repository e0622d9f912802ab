"""Several engine processes as one: each fires its share of a load, all from the same instant.

The clock is the machine's, so they share one origin, and their frames together are those of one
firing: requests are numbered across the shares, so frames are passed on unchanged.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import replace
from time import monotonic_ns

from dashboard.wire import frame
from dashboard.wire.events import Conversation, EngineEvent, EngineFired
from dashboard.wire.plan.plan import ENGINE, MAX_CONCURRENCY, Burst, Firing, Load

from .engine_process import Engine

MAX_ENGINES = 16
AHEAD_NS = 5_000_000  # how far in the future the origin is, so that it reaches every engine first
MOST_WAITING = 16  # payloads received and not taken yet; more wait in the pipes


class EngineGroup:
    """Engines that fire together behind the interface of one `Engine`.

    With `pools` they also share a load whose requests wait for each other, see `shares_of`.
    """

    def __init__(self, engines: Sequence[Engine], *, pools: bool = False) -> None:
        self._engines = engines
        self._pools = pools
        self._firing: Sequence[Engine] = ()  # those with a share of the current firing
        self._stopped = False

    @property
    def fit(self) -> bool:
        """True if all are alive and none is in the middle of a firing that was abandoned."""
        return all(engine.fit for engine in self._engines)

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        """Fire and yield each payload as it comes: one `began` first, one `fired` last.

        Raises EngineFailed if one of them dies in the middle.
        """
        shares = shares_of(firing, len(self._engines), pools=self._pools)
        self._firing, self._stopped = self._engines[: len(shares)], False
        received: asyncio.Queue[bytes | Exception] = asyncio.Queue(MOST_WAITING)
        pairs = zip(self._firing, shares, strict=True)
        pumps = [asyncio.create_task(_pump(engine, share, received)) for engine, share in pairs]
        try:
            async for payload in self._merged(received):
                yield payload
        finally:
            self._firing = ()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def stop(self) -> None:
        """Abort what is in flight in every engine."""
        self._stopped = True
        for engine in self._firing:
            engine.stop()

    def close(self) -> None:
        """End the processes; does nothing if they are gone."""
        for engine in self._engines:
            engine.close()

    async def _merged(self, received: asyncio.Queue[bytes | Exception]) -> AsyncIterator[bytes]:
        ready = 0
        fired: list[EngineFired] = []
        while len(fired) < len(self._firing):
            payload = await received.get()
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
        """Send every engine the origin, now that each is ready."""
        if self._stopped:  # the first stop may have come before the firing reached them
            self.stop()
        origin_ns = monotonic_ns() + AHEAD_NS
        for engine in self._firing:
            engine.begin(origin_ns)
        return frame.encode_event({"event": "began", "origin_ns": origin_ns})


async def _pump(engine: Engine, share: Firing, received: asyncio.Queue[bytes | Exception]) -> None:
    try:
        async for payload in engine.fire(share):
            await received.put(payload)
    except Exception as error:  # raised again by `_merged`
        await received.put(error)


def shares_of(firing: Firing, engines: int, *, pools: bool = False) -> list[Firing]:
    """Split a firing among so many engines: every request once, and as many at once as before.

    If requests wait for a slot, all slots are one pool: an engine that finished its share before
    the others would leave its slots empty, and so change the load. Such a load is shared only with
    `pools`. There are fewer shares if fewer requests may be in flight. A client library fires in
    one process, as it does in an application. The bystander belongs to the first share.
    """
    load = firing.load
    alone = firing.client != ENGINE or not (pools or all_at_once(load))
    most = 1 if alone else min(engines, load.concurrency, load.requests)
    return [
        replace(
            firing,
            engine=engine,
            engines=most,
            bystander_path=None if engine else firing.bystander_path,
        )
        for engine in range(most)
    ]


def all_at_once(load: Load) -> bool:
    """Return True if no request waits for another one's slot."""
    return load.concurrency >= (load.requests if isinstance(load, Burst) else MAX_CONCURRENCY)


def merged(fired: Sequence[EngineFired]) -> EngineFired:
    """Return one event `fired` for all engines: sums of what they did, maxima of how late.

    `stalls_ns` are those of all. `busiest_cpu_ns` is the CPU time of the busiest. A p99
    is the largest known one: percentiles of several processes cannot be combined.
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
    """Return what all load generators received on websockets besides answers."""
    return {
        "ignored": sum(conversation["ignored"] for conversation in conversations),
        "without_answer": sum(conversation["without_answer"] for conversation in conversations),
        "unopened": sum(conversation["unopened"] for conversation in conversations),
        "awaited": _first(conversation["awaited"] for conversation in conversations),
        "last": _first(conversation["last"] for conversation in conversations),
    }


def _first(texts: Iterable[str]) -> str:
    """Return the first text that is not empty; empty if all are."""
    return next(filter(None, texts), "")


def _largest(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)
