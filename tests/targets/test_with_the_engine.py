"""Every server fired at by the real engine: what the two of them promise together."""

from __future__ import annotations

import pytest

from dashboard.targets.kernel import listen_overflows
from dashboard.targets.pool import Targets
from dashboard.targets.servers import SERVERS
from tests.firing import burst, engine, fire, in_order

from .conftest import ignore

pytestmark = [pytest.mark.servers, pytest.mark.parametrize("server", SERVERS)]
PATHS = [
    "/sleep/sync/?delay=0.002",
    "/sleep/async/?delay=0.002",
    "/mixed/bridged/?delay=0.002",
    "/ping/",
]


async def test_stamps_stand_in_order_on_every_sample(server: str, targets: Targets) -> None:
    target = await targets.ready(server, ignore)
    async with engine() as process:
        for path in PATHS:
            fired = await fire(process, burst(target.port, path, 200, 40))
            rows = fired.rows()
            assert {(row["status"], row["error"]) for row in rows} == {(200, 0)}
            assert sorted(fired.samples["request"]) == list(range(200))
            assert [row for row in rows if not in_order(row)] == []
            assert min(fired.samples["view_left"]) > 0
            assert set(fired.samples["process"]) <= set(target.processes)


async def test_a_thousand_at_once_overflow_no_backlog(server: str, targets: Targets) -> None:
    target = await targets.ready(server, ignore)
    before = listen_overflows()
    async with engine() as process:
        fired = await fire(process, burst(target.port, "/ping/", 1000, 1000))
    assert fired.samples["error"].count(0) == 1000
    assert listen_overflows() == before


async def test_kept_connections_have_no_40_ms_mode(server: str, targets: Targets) -> None:
    target = await targets.ready(server, ignore)
    async with engine() as process:
        await fire(process, burst(target.port, "/ping/", 16, 8))
        fired = await fire(process, burst(target.port, "/ping/", 200, 8))
    times_ms = sorted((row["done"] - row["sent_first"]) / 1e6 for row in fired.rows())
    assert times_ms[100] < 20
    assert sum(38 < time_ms < 48 for time_ms in times_ms) < 20
