"""The concurrency that docs/method.md describes, measured by the probe on real servers."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.targets.lifecycle.pool import Targets
from dashboard.wire.frame import COLUMNS
from tests.targets.client import fire
from tests.targets.conftest import ignore

pytestmark = pytest.mark.servers


async def peaks(targets: Targets, server: str, path: str) -> tuple[int, int, int]:
    """(peak in the app, peak in the view, worst loop lag in ms) of 20 requests at once."""
    target = await targets.ready(server, ignore)
    assert await target.begin(0)
    await target.end(0, quiet_timeout_s=5)  # the request that asked whether it is there is over
    assert await target.begin(1)
    await fire(target.port, path, 20, 20)
    assert await target.end(1, quiet_timeout_s=5)
    rows = target.take_rows(0)
    assert all(row.keys() <= COLUMNS["health"].keys() for row in rows)
    worst = max(row.get("loop_lag", -1) for row in rows)
    final = [row for row in rows if "requests" in row][-1]
    assert final["requests"] == 20
    return final["peak_in_app"], final["peak_in_view"], worst // 1_000_000


async def test_gunicorn_sync_works_on_one(targets: Targets) -> None:
    assert await peaks(targets, "gunicorn-sync", "/sleep/sync/?delay=0.02") == (1, 1, -1)


async def test_gunicorn_gthread_works_on_eight(targets: Targets) -> None:
    assert await peaks(targets, "gunicorn-gthread", "/sleep/sync/?delay=0.05") == (8, 8, -1)


async def test_daphne_gives_each_sync_view_a_thread(targets: Targets) -> None:
    in_app, in_view, _ = await peaks(targets, "daphne", "/sleep/sync/?delay=0.3")
    assert (in_app, in_view) == (20, 20)


async def test_a_blocked_loop_is_detected(targets: Targets) -> None:
    in_app, in_view, lag_ms = await peaks(targets, "uvicorn", "/sleep/async-blocking/?delay=0.1")
    assert in_app >= 2  # those that came before the first view let go of the loop
    assert in_view == 1
    assert lag_ms >= 90


async def test_peaks_are_reset_by_each_firing(targets: Targets) -> None:
    assert (await peaks(targets, "daphne", "/sleep/async/?delay=0.1"))[0] == 20
    target = await targets.ready("daphne", ignore)
    await target.begin(2)
    await fire(target.port, "/ping/", 5, 1)
    await target.end(2, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("requests", -1) >= 0]
    assert rows[-1]["requests"] == 5
    assert rows[-1]["peak_in_app"] == 1  # a request has left before its client sends the next


async def test_quiet_is_waited_for_when_clients_gave_up(targets: Targets) -> None:
    target = await targets.ready("daphne", ignore)
    await target.begin(1)
    with pytest.raises(TimeoutError):
        await abandon(target.port, "/sleep/sync/?delay=1")
    assert not await target.end(1, quiet_timeout_s=0.1)
    assert await target.end(1, quiet_timeout_s=5)
    assert target.take_rows(0)[-1]["in_view"] == 0


async def abandon(port: int, path: str) -> None:
    async with asyncio.timeout(0.3):
        await fire(port, path, 1, 1)
