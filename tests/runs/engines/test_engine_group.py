"""Several engine processes are one engine: every request once, one origin, one end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.engine.timing.schedule import schedule
from dashboard.runs.engines import engine_process
from dashboard.runs.engines.engine_group import EngineGroup, merged, shares_of
from dashboard.runs.engines.engine_process import Engine
from dashboard.runs.reports.instrument import Reading
from dashboard.runs.wiring import EngineKeeper
from dashboard.targets.supervise.cores import Cores
from dashboard.wire.errors import EngineFailed
from dashboard.wire.failure import Failure
from dashboard.wire.frame import decode, is_event
from dashboard.wire.plan.plan import Burst, Firing, Rate
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import Fired, burst, in_order
from tests.targets.helpers import marked, until_async

MARK = "liveburst-test-several"


@asynccontextmanager
async def together(home: Path, engines: int = 2) -> AsyncIterator[EngineGroup]:
    """Run so many real engines inside the block."""
    keeper = EngineKeeper(Cores(), home, MARK, engines)
    try:
        several = await keeper.ready()
        assert isinstance(several, EngineGroup)
        yield several
    finally:
        keeper.close()


async def fire(engine: EngineGroup, firing: Firing) -> tuple[Fired, set[int]]:
    """Fire, and return the result with the origins of its frames."""
    fired, origins = Fired(), set()
    async for payload in engine.fire(firing):
        fired.take(payload)
        if not is_event(payload):
            origins.add(decode(payload).origin_ns)
    return fired, origins


@given(st.data(), st.integers(1, 9))
def test_the_shares_add_up_to_the_load(data: st.DataObject, engines: int) -> None:
    requests = data.draw(st.integers(1, 400))
    concurrency = data.draw(st.integers(1, requests))
    firing = burst(1, "/", requests, concurrency, bystander_path="/ping/")
    shares = shares_of(firing, engines, pools=True)
    assert len(shares) == min(engines, concurrency)
    assert sorted(n for share in shares for n in share.numbers) == list(range(requests))
    assert sorted(n for share in shares for n in share.slots) == list(range(concurrency))
    longest = max(ceil(len(share.numbers) / len(share.slots)) for share in shares)
    assert longest == ceil(requests / concurrency), "as many rounds as with one engine"
    assert all(len(share.numbers) >= 1 for share in shares)
    assert len(shares_of(firing, engines)) == (len(shares) if requests == concurrency else 1)
    assert [share.bystander_path for share in shares] == ["/ping/"] + [None] * (len(shares) - 1)


def test_a_client_library_fires_in_one_process() -> None:
    firing = burst(1, "/", 100, 100)
    assert shares_of(replace(firing, client="httpx"), 4) == [replace(firing, client="httpx")]
    assert shares_of(firing, 1) == [firing]
    rate = replace(firing, load=Rate(1, 2))
    assert len(shares_of(rate, 4)) == 2, "each process has something to fire"
    pool = replace(firing, load=Rate(1000, 2, concurrency=50))
    assert shares_of(pool, 4) == [pool], "one pool, which requests wait for"


@pytest.mark.processes
@pytest.mark.parametrize("engines", [2, 3])
async def test_a_burst_is_fired_once_by_all_engines(tmp_path: Path, engines: int) -> None:
    async with serving(responds(OK)) as server, together(tmp_path, engines) as several:
        for requests, concurrency in ((1000, 50), (7, 7), (1, 1)):
            before, connections = server.requests, server.connections
            fired, origins = await fire(several, burst(server.port, "/", requests, concurrency))
            assert sorted(fired.samples["request"]) == list(range(requests))
            assert server.requests - before == requests == fired.fired["requests"]
            assert server.connections - connections == concurrency
            assert set(fired.samples["status"]) == {200}
            assert all(in_order(row) for row in fired.rows())
            assert fired.samples["due"].count(0) == concurrency
            assert origins == {fired.began["origin_ns"]}
            assert fired.fired["wall_ns"] >= max(fired.samples["done"])
            assert fired.fired["engines"] == min(engines, concurrency)
        assert several.fit


@pytest.mark.processes
async def test_concurrency_is_that_of_the_load(tmp_path: Path) -> None:
    most, waiting = 0, list[Peer]()

    def answers_all_together(peer: Peer, number: int) -> None:
        nonlocal most
        waiting.append(peer)
        most = max(most, len(waiting))
        if len(waiting) == 5:  # fewer, and nothing would be fired
            while waiting:
                waiting.pop().write(OK)

    async with serving(answers_all_together) as server, together(tmp_path) as several:
        fired, _ = await fire(several, burst(server.port, "/", 200, 5))
    assert set(fired.samples["error"]) == {Failure.NONE}
    assert most == 5


@pytest.mark.processes
@pytest.mark.parametrize("poisson", [False, True])
async def test_a_rate_has_one_schedule(tmp_path: Path, poisson: bool) -> None:
    load = Rate(1000, 0.5, poisson=poisson)
    async with serving(responds(OK)) as server, together(tmp_path) as several:
        firing = replace(burst(server.port, "/", 1, 1), load=load, seed=5)
        fired, _ = await fire(several, firing)
        assert server.requests == 500
    due = dict(zip(fired.samples["request"], fired.samples["due"], strict=True))
    assert [due[number] for number in range(500)] == schedule(load, 5).tolist()
    assert all(in_order(row) for row in fired.rows())
    assert fired.fired["scheduling_error_p99_ns"] > 0


@pytest.mark.processes
async def test_there_is_one_bystander_for_all_engines(tmp_path: Path) -> None:
    def waits(peer: Peer, number: int) -> None:
        is_load = peer.server.heads[-1].startswith(b"GET /load")
        asyncio.get_running_loop().call_later(0.5 if is_load else 0, peer.write, OK)

    async with serving(waits) as server, together(tmp_path) as several:
        await fire(several, burst(server.port, "/load", 4, 4, bystander_path="/ping/"))
        pings = [head for head in server.heads if head.startswith(b"GET /ping/")]
    # The last of those due in 0.5 s may go out or not.
    assert 8 <= len(pings) <= 12


@pytest.mark.processes
async def test_stop_reaches_every_engine(tmp_path: Path) -> None:
    everything_sent = asyncio.Event()

    def never(peer: Peer, number: int) -> None:
        if number == 199:
            everything_sent.set()

    async with serving(never) as server, together(tmp_path) as several:
        firing = asyncio.create_task(fire(several, burst(server.port, "/", 1000, 200)))
        await everything_sent.wait()
        several.stop()
        fired, _ = await asyncio.wait_for(firing, 5)
        assert fired.fired["stopped"]
        assert fired.samples["error"] == [Failure.ABORTED] * 200
        assert sorted(fired.samples["request"]) == list(range(200))
        assert several.fit


@pytest.mark.processes
async def test_a_stop_before_the_beginning_is_not_lost(tmp_path: Path) -> None:
    async with serving(responds(OK)) as server, together(tmp_path) as several:
        firing = asyncio.create_task(fire(several, burst(server.port, "/", 1000, 10)))
        await asyncio.sleep(0)  # `fire` was called, and no process was sent it yet
        several.stop()
        fired, _ = await asyncio.wait_for(firing, 5)
        assert (fired.fired["requests"], fired.fired["stopped"]) == (0, True)
        again, _ = await fire(several, burst(server.port, "/", 20, 10))
        assert (again.fired["requests"], again.fired["stopped"]) == (20, False)


@pytest.mark.processes
async def test_one_dead_engine_is_a_failure_and_all_are_replaced(tmp_path: Path) -> None:
    keeper = EngineKeeper(Cores(), tmp_path, MARK, 2)
    requested = asyncio.Event()

    def never(peer: Peer, number: int) -> None:
        requested.set()

    try:
        several = await keeper.ready()
        async with serving(never) as server:
            firing = asyncio.create_task(fire_any(several, burst(server.port, "/", 10, 10)))
            await requested.wait()
            kill_one(several)
            with pytest.raises(EngineFailed):
                await asyncio.wait_for(firing, 5)
        assert not several.fit
        async with serving(responds(OK)) as server:
            other = await keeper.ready()
            assert other is not several
            fired = await fire_any(other, burst(server.port, "/", 10, 10))
        assert fired.fired["requests"] == 10
    finally:
        keeper.close()


async def fire_any(engine: Engine | EngineGroup, firing: Firing) -> Fired:
    assert isinstance(engine, EngineGroup)
    return (await fire(engine, firing))[0]


def kill_one(engine: Engine | EngineGroup) -> None:
    """Kill one process, as the kernel does when memory runs out."""
    assert isinstance(engine, EngineGroup)
    engine._engines[1]._child.kill()


def test_fired_events_are_merged_by_sum_and_maximum() -> None:
    both = merged([end(requests=3, cpu_ns=20, wall_ns=100), end(requests=2, cpu_ns=70, late=9)])
    assert (both["requests"], both["cpu_ns"], both["busiest_cpu_ns"]) == (5, 90, 70)
    assert (both["wall_ns"], both["stopped"], both["engines"]) == (100, False, 2)
    assert both["loop_lag_p99_ns"] == 9, "the other one had too few beats to carry it"
    assert both["scheduling_error_p99_ns"] is None
    assert both["stalls_ns"] == [[5, 7], [9, 13]], "any of them keeps the load waiting"
    reading = Reading.of(0, 1, both, None, None)
    assert reading.cpu_share == 0.7, "of a core: that of the busiest"
    assert Reading.from_json(reading.to_json()) == reading


def end(*, late: int | None = None, **more: int) -> Any:
    """Return an event `fired`."""
    values: dict[str, Any] = {"requests": 1, "stopped": False, "wall_ns": 90, "cpu_ns": 10}
    lags = {"loop_lag_p99_ns": late, "loop_lag_max_ns": late, "scheduling_error_p99_ns": None}
    waits = {"scheduling_error_max_ns": None, "stalls_ns": [[late, late + 4]] if late else [[5, 7]]}
    return {**values, **lags, **waits, **more}


def test_a_firing_with_a_share_survives_json() -> None:
    firing = replace(burst(1, "/", 10, 4), engine=1, engines=3)
    assert Firing.from_json(firing.to_json()) == firing
    assert list(firing.slots) == [1]
    assert list(firing.numbers) == [1, 5, 9], "what the second of four slots would get"
    assert firing.load == Burst(10, 4)


def test_websocket_counts_of_all_engines_are_added_up() -> None:
    nothing = {"ignored": 0, "without_answer": 0, "unopened": 0, "awaited": "", "last": ""}
    unanswered = {"without_answer": 1, "last": "no"}
    ends: list[Any] = [
        {**end(), "websocket": {**nothing, "ignored": 2}},
        {**end(), "websocket": {**nothing, "ignored": 3, **unanswered, "unopened": 1}},
        {**end(), "websocket": {**nothing, "unopened": 2, "awaited": "any"}},
    ]
    counts = {"ignored": 5, "unopened": 3, "awaited": "any"}
    assert merged(ends)["websocket"] == {**counts, **unanswered}
    assert "websocket" not in merged([end(), end()])


@pytest.mark.processes
@pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")
async def test_a_suspended_engine_fails_its_firing_and_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_process, "SILENT_S", 0.1)
    mark = f"{MARK}-suspended-{os.getpid()}"
    keeper = EngineKeeper(Cores(), tmp_path, mark, 1)
    try:
        engine = await keeper.ready()
        assert isinstance(engine, Engine)
        assert await until_async(lambda: len(marked(mark)) == 3)  # both of its guard
        os.kill(max(marked(mark), key=started_s), signal.SIGSTOP)
        assert await until_async(lambda: not engine.fit)
        with pytest.raises(EngineFailed, match="was suspended in the middle of a firing"):
            async for _ in engine.fire(burst(1, "/", 4, 4)):
                pass
        assert await keeper.ready() is not engine
        assert await until_async(lambda: len(marked(mark)) == 3)  # and the old one has ended
    finally:
        keeper.close()


def started_s(pid: int) -> tuple[float, int]:
    return psutil.Process(pid).create_time(), pid
