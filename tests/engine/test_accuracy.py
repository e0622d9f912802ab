"""Times known in advance are measured correctly; `python -m bench.accuracy` shows how closely.

A sleep is never shorter than requested, so one side of each bound is exact. The other is a margin
for a busy machine.
"""

from __future__ import annotations

from math import ceil
from statistics import median

import pytest

from dashboard.wire.units import NS_PER_MS as MS
from tests.engine.servers.calibrated import child
from tests.engine.servers.planted import PLACES
from tests.firing import burst, engine, fire, in_order

SEGMENTS = {
    "server": ("sent", "entered"),
    "framework": ("entered", "view_entered"),
    "view": ("view_entered", "view_left"),
    "delivery": ("view_left", "done"),
    "body": ("first_byte", "done"),
}
SHOWS_IN = {
    "accept": {"server"},
    "before": {"server"},
    "middleware": {"framework"},
    "view": {"view"},
    "body": {"delivery", "body"},
}


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["asyncio", "threads"])
@pytest.mark.parametrize(("requests", "slots", "time_s"), [(20, 4, 0.05), (9, 2, 0.04)])
async def test_makespan(kind: str, requests: int, slots: int, time_s: float) -> None:
    with child("calibrated", kind, "--slots", slots, "--time", time_s) as port:
        async with engine() as process:
            fired = await fire(process, burst(port, "/", requests, requests))
    assert fired.samples["error"] == [0] * requests
    makespan_s = (max(fired.samples["done"]) - min(fired.samples["due"])) / 1e9
    theory_s = ceil(requests / slots) * time_s
    assert theory_s <= makespan_s < 1.5 * theory_s + 0.1
    # A request served in the n-th turn took n service times.
    for turn, done in enumerate(sorted(fired.samples["done"])):
        assert done >= (turn // slots + 1) * time_s * 1e9


@pytest.mark.alone
@pytest.mark.parametrize("place", PLACES)
async def test_a_planted_delay_appears_in_its_segment_only(place: str) -> None:
    planted_s = 0.03
    with child("planted", f"--{place}", planted_s) as port:
        async with engine() as process:
            fired = await fire(process, burst(port, "/", 7, 1))
    rows = fired.rows()
    assert all(in_order(row) and row["error"] == 0 for row in rows)
    for segment, (begin, end) in SEGMENTS.items():
        measured_ms = median(row[end] - row[begin] for row in rows) / MS
        expected_ms = planted_s * 1e3 if segment in SHOWS_IN[place] else 0
        # A margin of half the delay distinguishes the two.
        assert expected_ms <= measured_ms < expected_ms + planted_s * 1e3 / 2, segment
    assert len({row["process"] for row in rows}) == 1
