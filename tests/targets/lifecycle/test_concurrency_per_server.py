"""The concurrency that docs/method.md describes, measured by the probe on real servers."""

from __future__ import annotations

import asyncio

import pytest

from dashboard.targets.lifecycle.target import Target
from dashboard.wire.frame import COLUMNS
from tests.targets.client import fire
from tests.targets.warm import WarmServers

pytestmark = [pytest.mark.servers, pytest.mark.asyncio(loop_scope="session")]


async def peaks(warm: WarmServers, target: Target, path: str) -> tuple[int, int, int]:
    """(peak in the app, peak in the view, worst loop lag in ms) of 20 requests at once."""
    before, firing = next(warm.firings), next(warm.firings)
    assert await target.begin(before)
    await target.end(before, quiet_timeout_s=5)  # what was sent before this firing is over
    assert await target.begin(firing)
    answers = await fire(target.port, path, 20, 20)
    assert {answer.status for answer in answers} == {200}
    assert await target.end(firing, quiet_timeout_s=5)
    rows = target.take_rows(0)
    assert all(row.keys() <= COLUMNS["health"].keys() for row in rows)
    worst = max(row.get("loop_lag", -1) for row in rows)
    final = [row for row in rows if "requests" in row][-1]
    assert final["requests"] == 20
    return final["peak_in_app"], final["peak_in_view"], worst // 1_000_000


@pytest.mark.parametrize("server", ["gunicorn-sync"])
async def test_gunicorn_sync_works_on_one(server: str, warm: WarmServers) -> None:
    target = await warm.ready(server)
    assert await peaks(warm, target, "/sleep/sync/?delay=0.02") == (1, 1, -1)


@pytest.mark.parametrize("server", ["gunicorn-gthread"])
async def test_gunicorn_gthread_works_on_eight(server: str, warm: WarmServers) -> None:
    target = await warm.ready(server)
    assert await peaks(warm, target, "/sleep/sync/?delay=0.05") == (8, 8, -1)


@pytest.mark.parametrize("server", ["daphne", "runserver", "gunicorn-gevent"])
async def test_servers_without_a_limit_of_threads(server: str, warm: WarmServers) -> None:
    in_app, in_view, _ = await peaks(warm, await warm.ready(server), "/sleep/sync/?delay=0.3")
    assert (in_app, in_view) == (20, 20)


@pytest.mark.parametrize("server", ["uvicorn"])
async def test_a_blocked_loop_is_detected(server: str, warm: WarmServers) -> None:
    target = await warm.ready(server)
    in_app, in_view, lag_ms = await peaks(warm, target, "/sleep/async-blocking/?delay=0.1")
    assert in_app >= 2  # those that came before the first view let go of the loop
    assert in_view == 1
    assert lag_ms >= 90


@pytest.mark.parametrize("server", ["daphne"])
async def test_peaks_are_reset_by_each_firing(server: str, warm: WarmServers) -> None:
    target = await warm.ready(server)
    assert (await peaks(warm, target, "/sleep/async/?delay=0.1"))[0] == 20
    firing = next(warm.firings)
    await target.begin(firing)
    await fire(target.port, "/ping/", 5, 1)
    await target.end(firing, quiet_timeout_s=5)
    rows = [row for row in target.take_rows(0) if row.get("requests", -1) >= 0]
    assert rows[-1]["requests"] == 5
    assert rows[-1]["peak_in_app"] == 1  # a request has left before its client sends the next


@pytest.mark.parametrize("server", ["daphne"])
async def test_quiet_is_waited_for_when_clients_gave_up(server: str, warm: WarmServers) -> None:
    target, firing = await warm.ready(server), next(warm.firings)
    await target.begin(firing)
    with pytest.raises(TimeoutError):
        await abandon(target.port, "/sleep/sync/?delay=1")
    assert not await target.end(firing, quiet_timeout_s=0.1)
    assert await target.end(firing, quiet_timeout_s=5)
    assert target.take_rows(0)[-1]["in_view"] == 0


async def abandon(port: int, path: str) -> None:
    async with asyncio.timeout(0.3):
        await fire(port, path, 1, 1)
