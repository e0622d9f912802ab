"""A load generator as a child process: commands in, frames and events out."""

from __future__ import annotations

import json
import subprocess
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from typing import Any

from dashboard.wire.frame import NOT_STORED, EnvelopeReader
from dashboard.wire.plan.plan import Firing
from tests.firing import ROOT, Fired

COMMAND = (sys.executable, "-m", "dashboard.engine")


def ended(**stdin: Any) -> subprocess.CompletedProcess[bytes]:
    """Run a load generator that exits by itself."""
    return subprocess.run(COMMAND, check=False, cwd=ROOT, capture_output=True, timeout=10, **stdin)


def send(process: Process, *commands: object) -> None:
    """Send commands in one write."""
    assert process.stdin
    process.stdin.write(b"".join(json.dumps(command).encode() + b"\n" for command in commands))


def fire_command(firing: Firing) -> dict[str, object]:
    return {"fire": firing.to_json()}


async def payloads(process: Process) -> AsyncIterator[bytes]:
    """Yield what arrives through the pipe, until its end."""
    assert process.stdout
    reader = EnvelopeReader()
    while data := await process.stdout.read(65536):
        for sequence, payload in reader.feed(data):
            assert sequence == NOT_STORED
            yield payload


async def collect(process: Process) -> Fired:
    """Return everything up to the event `fired`."""
    fired = Fired()
    async for payload in payloads(process):
        fired.take(payload)
        if fired.fired:
            return fired
    raise AssertionError("the load generator exited during a firing")
