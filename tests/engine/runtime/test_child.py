"""The load generator as a child: one firing after another, up to ten thousand connections."""

from __future__ import annotations

import resource

import pytest

from dashboard.engine.runtime.descriptors import raise_limit
from dashboard.wire.failure import Failure
from dashboard.wire.frame import decode, is_event
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import burst, engine, fire, in_order

from .child_process import fire_command, payloads, send


@pytest.mark.processes
async def test_one_process_serves_many_firings() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        for requests, concurrency in ((100, 10), (1, 1), (1000, 1000)):
            fired = await fire(process, burst(server.port, "/", requests, concurrency))
            assert sorted(fired.samples["request"]) == list(range(requests))
            assert set(fired.samples["status"]) == {200}
            assert all(in_order(row) for row in fired.rows())
            assert fired.fired["requests"] == requests
            assert not fired.fired["stopped"]
            assert fired.fired["wall_ns"] >= max(fired.samples["done"])
            assert fired.fired["cpu_ns"] > 0
        assert server.connections == 10 + 1 + 1000  # none is reused in the next firing


@pytest.mark.processes
async def test_firings_are_queued() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        send(process, *(fire_command(burst(server.port, "/", 10, 2, round=n)) for n in (1, 2, 3)))
        rounds = []
        async for payload in payloads(process):
            if not is_event(payload) and (frame := decode(payload)).kind == "samples":
                rounds += [frame.round] * frame.rows
            if len(rounds) == 30:
                break
    assert rounds == [1] * 10 + [2] * 10 + [3] * 10


@pytest.mark.processes
async def test_requests_without_a_descriptor_have_rows() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (60, 60))
        fired = await fire(process, burst(server.port, "/", 200, 200))
    assert len(fired.samples["request"]) == 200
    assert set(fired.samples["error"]) == {0, Failure.NO_DESCRIPTORS}


@pytest.mark.processes
async def test_ten_thousand_connections_at_once() -> None:
    """The server responds when all requests have arrived, so all connections are open at once."""
    many = 10_000
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < many + 200:
        pytest.skip("this system does not allow a process so many descriptors")
    raise_limit()
    waiting: list[Peer] = []

    def all_together(peer: Peer, number: int) -> None:
        waiting.append(peer)
        if len(waiting) == many:
            for each in waiting:
                each.write(OK)

    async with serving(all_together) as server, engine() as process:
        fired = await fire(process, burst(server.port, "/", many, many, timeout_s=120.0))
        assert set(fired.samples["error"]) == {0}
        assert len(fired.samples["request"]) == server.connections == many
