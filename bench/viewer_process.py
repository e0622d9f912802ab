"""Many viewers of one run: `python -m bench.viewer_process ADDRESS VIEWERS`.

Opens that many websockets as pages do and prints a line. For each run id on stdin they watch that
run to its end, acknowledge each message, and a line of JSON has what they received. As browsers
on other machines would, they leave the processors to everything else.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from dashboard.wire.frame import NOT_STORED, EnvelopeReader

TIMEOUT_S = 300.0


class Viewer:
    """One page."""

    def __init__(self, page: ClientConnection) -> None:
        self._page = page
        self._messages = 0

    async def watch(self, run: str) -> dict[str, Any]:
        """Watch a run to its end; return which stored frames came, and which were announced."""
        await self._page.send(json.dumps({"watch": run}))
        frames: set[int] = set()
        gaps: list[tuple[int, int]] = []
        async with asyncio.timeout(TIMEOUT_S):
            while True:
                message = await self._page.recv()
                if isinstance(message, bytes):
                    frames |= await self._take(message)
                    continue
                event = json.loads(message)
                if event["event"] == "watching":
                    gaps.append((0, event["next"]))
                elif event["event"] == "gap":
                    gaps.append((event["from"], event["to"]))
                elif event["event"] == "finished" and event.get("run") == run:
                    return {"frames": frames, "gaps": gaps}

    async def _take(self, message: bytes) -> set[int]:
        """Acknowledge a message, and return the numbers of the stored frames in it."""
        self._messages += 1
        await self._page.send(json.dumps({"seen": self._messages}))
        return {number for number, _ in EnvelopeReader().feed(message)} - {NOT_STORED}


def received(seen: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return what all viewers received together; a frame counts if a gap names it, too."""
    last = max((max(viewer["frames"], default=-1) for viewer in seen), default=-1)
    every = set(range(last + 1))
    missed = [
        every - viewer["frames"] - {n for begin, end in viewer["gaps"] for n in range(begin, end)}
        for viewer in seen
    ]
    return {
        "viewers": len(seen),
        "frames": last + 1,
        "sent": sum(len(viewer["frames"]) for viewer in seen),
        "fetched": sum(len(every - viewer["frames"]) for viewer in seen),
        "missed": sum(map(len, missed)),
    }


async def main(address: str, number: int) -> None:
    """Open the pages, and watch each run that stdin names."""
    with suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    url = f"{address.replace('http', 'ws', 1)}/ws/"
    async with AsyncExitStack() as stack:
        pages = [
            await stack.enter_async_context(connect(url, origin=address))  # type: ignore[arg-type]
            for _ in range(number)
        ]
        viewers = [Viewer(page) for page in pages]
        print("ready", flush=True)
        while run := (await asyncio.to_thread(sys.stdin.readline)).strip():
            seen = await asyncio.gather(*(viewer.watch(run) for viewer in viewers))
            print(json.dumps(received(seen)), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
