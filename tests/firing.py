"""Fires with the real load generator as a child, and decodes its frames."""

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
from dashboard.wire.plan.plan import Burst, Firing

ROOT = Path(__file__).parents[1]


@dataclass
class Fired:
    """One firing: its two events, and the samples of all its frames as columns."""

    began: dict[str, Any] = field(default_factory=dict)
    fired: dict[str, Any] = field(default_factory=dict)
    samples: dict[str, list[int]] = field(
        default_factory=lambda: {n: [] for n in COLUMNS["samples"]}
    )

    def take(self, payload: bytes) -> None:
        """Decode one payload of the pipe."""
        if is_event(payload):
            event = json.loads(payload)
            setattr(self, event["event"], event)
            return
        frame = decode(payload)
        if frame.kind == "samples":
            for name, column in frame.columns.items():
                self.samples[name] += column.tolist()

    def rows(self) -> list[dict[str, int]]:
        """Return the samples as rows."""
        return [
            dict(zip(self.samples, values, strict=True))
            for values in zip(*self.samples.values(), strict=True)
        ]


def burst(port: int, path: str, requests: int, concurrency: int, **more: Any) -> Firing:
    """Return a burst at a target on loopback."""
    load = Burst(requests, concurrency)
    more = {"lane": 0, "round": 1, "timeout_s": 30.0, **more}
    return Firing(host="127.0.0.1", port=port, path=path, load=load, **more)


@asynccontextmanager
async def engine() -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a load generator for the duration of the block."""
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
    """Fire, and return everything up to the event `fired`."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps({"fire": firing.to_json()}).encode() + b"\n")
    reader, fired = EnvelopeReader(), Fired()
    while not fired.fired:
        data = await process.stdout.read(65536)
        assert data, "the load generator exited during a firing"
        for _, payload in reader.feed(data):
            fired.take(payload)
    return fired


def in_order(row: Mapping[str, int]) -> bool:
    """Return whether the known stamps are in the order that docs/frame.md specifies."""
    outbound = [row["due"], row["sent_first"], row["sent"]]
    names = ("sent_first", "entered", "view_entered", "view_left", "first_byte", "done")
    inbound = [row[name] for name in names if row[name] >= 0]
    return outbound == sorted(outbound) and inbound == sorted(inbound)
