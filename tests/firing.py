"""Fires with the real engine, as its child mode does it, and decodes what comes back."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.wire.frame import COLUMNS, EnvelopeReader, decode, is_event
from dashboard.wire.plan import Burst, Firing

ROOT = Path(__file__).parents[1]


@dataclass
class Fired:
    """What one firing gave: its two events, and the samples of all its frames as columns."""

    began: dict[str, Any] = field(default_factory=dict)
    fired: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[int]] = field(
        default_factory=lambda: {n: [] for n in COLUMNS["samples"]}
    )

    def take(self, payload: bytes) -> None:
        """One payload of the engine's pipe."""
        if is_event(payload):
            event = json.loads(payload)
            setattr(self, event["event"], event)
            return
        frame = decode(payload)
        if frame.kind == "samples":
            for name, column in frame.columns.items():
                self.samples[name] += column.tolist()

    def rows(self) -> list[dict[str, int]]:
        """The samples one by one."""
        return [
            dict(zip(self.samples, values, strict=True))
            for values in zip(*self.samples.values(), strict=True)
        ]


def burst(port: int, path: str, requests: int, concurrency: int, **more: Any) -> Firing:
    """A burst at a target on loopback."""
    load = Burst(requests, concurrency)
    more = {"lane": 0, "round": 1, "timeout_s": 30.0, **more}
    return Firing(host="127.0.0.1", port=port, path=path, load=load, **more)


@asynccontextmanager
async def engine() -> AsyncIterator[asyncio.subprocess.Process]:
    """An engine that lives as long as the block."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dashboard.engine"),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        assert process.stdin
        process.stdin.close()
        await process.wait()


async def fire(process: asyncio.subprocess.Process, firing: Firing) -> Fired:
    """One firing, from its order to its `fired` event."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    reader, fired = EnvelopeReader(), Fired()
    while not fired.fired:
        data = await process.stdout.read(65536)
        assert data, "the engine ended in the middle of a firing"
        for _, payload in reader.feed(data):
            fired.take(payload)
    return fired


def in_order(row: Mapping[str, int]) -> bool:
    """Whether the stamps that are known stand in the order that docs/frame.md promises."""
    way_out = [row["due"], row["sent_first"], row["sent"]]
    names = ("sent_first", "entered", "view_entered", "view_left", "first_byte", "done")
    way_back = [row[name] for name in names if row[name] >= 0]
    return way_out == sorted(way_out) and way_back == sorted(way_back)
