"""An engine whose answers draw a staircase at sync lanes and a wall at async ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing
from dashboard.wire.units import NS_PER_MS as MS
from tests.runs.fakes import CPU_NS, ORIGIN_NS, WALL_NS, FakeEngine

THREADS, LENGTH_MS = 8, 100


class StaircaseEngine(FakeEngine):
    """Handles eight requests at a time at lane 0 and 3, all at once at the others."""

    def __init__(self, failing: int = 0) -> None:
        super().__init__()
        self._failing = failing  # the first requests of each firing

    async def fire(self, firing: Firing) -> AsyncIterator[bytes]:
        self.fired.append(firing)
        label: dict[str, Any] = {
            "lane": firing.lane, "round": firing.round, "origin_ns": ORIGIN_NS
        }  # fmt: skip
        yield frame.encode_event({"event": "began", "origin_ns": ORIGIN_NS})
        rows = [self._row(number, firing) for number in range(firing.load.requests)]
        columns = frame.rows_to_columns("samples", rows)
        yield frame.encode("samples", columns=columns, **label)
        yield frame.encode_event({"event": "fired", "wall_ns": WALL_NS, "cpu_ns": CPU_NS})

    def _row(self, number: int, firing: Firing) -> dict[str, int]:
        step = number // THREADS if firing.lane % 3 == 0 else 0
        failed = number < self._failing
        entered = (2 + LENGTH_MS * step + firing.round) * MS
        return {
            "request": number,
            "due": 0,
            "sent_first": MS,
            "sent": MS,
            "entered": entered,
            "view_entered": entered + 2 * MS,
            "view_left": entered + (LENGTH_MS - 4) * MS,
            "first_byte": entered + LENGTH_MS * MS,
            "done": entered + LENGTH_MS * MS + number * MS // 20,
            "status": 500 if failed else 200,
            "error": Failure.STATUS if failed else Failure.NONE,
            "process": 4242,
        }
