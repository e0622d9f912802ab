"""A firing that is stopped, by command or by the end of stdin, keeps a row for each request."""

from __future__ import annotations

import asyncio
import time

import pytest

from dashboard.wire.failure import Failure
from tests.engine.servers.hostile import OK, Peer, responds, serving
from tests.firing import Fired, burst, engine

from .child_process import collect, fire_command, payloads, send


def silent(peer: Peer, number: int) -> None:
    """Never answers."""


@pytest.mark.alone
async def test_stop_takes_effect_at_once() -> None:
    everything_sent = asyncio.Event()

    def counts(peer: Peer, number: int) -> None:
        if number == 999:
            everything_sent.set()

    async with serving(counts) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 5000, 1000)))
        await everything_sent.wait()
        before_ns = time.monotonic_ns()
        send(process, {"stop": True})
        fired = await collect(process)
    assert fired.fired["stopped"]
    assert fired.samples["error"] == [Failure.ABORTED] * 1000
    assert sorted(fired.samples["request"]) == list(range(1000))
    last_ns = fired.began["origin_ns"] + fired.fired["wall_ns"]  # by its own clock
    assert last_ns - before_ns < 200_000_000


@pytest.mark.alone
async def test_stop_takes_effect_while_all_connections_are_refused() -> None:
    async with engine() as process:
        send(process, fire_command(burst(1, "/", 100_000, 1000)))
        fired, stopped_ns = Fired(), 0
        async for payload in payloads(process):
            fired.take(payload)
            if fired.samples["request"] and not stopped_ns:  # frames leave meanwhile
                stopped_ns = time.monotonic_ns()
                send(process, {"stop": True})
            if fired.fired:
                break
    assert fired.fired["stopped"]
    assert Failure.REFUSED in fired.samples["error"]
    assert len(fired.samples["request"]) == fired.fired["requests"] < 100_000
    assert fired.began["origin_ns"] + fired.fired["wall_ns"] - stopped_ns < 200_000_000


@pytest.mark.processes
async def test_a_stop_right_behind_its_firing_is_not_lost() -> None:
    async with serving(silent) as server, engine() as process:
        send(process, fire_command(burst(server.port, "/", 100, 10)), {"stop": True})
        fired = await asyncio.wait_for(collect(process), 5)
        assert (fired.fired["requests"], fired.fired["stopped"]) == (0, True)
        assert server.connections == 0


@pytest.mark.processes
async def test_a_stop_without_a_firing_does_not_stop_a_later_one() -> None:
    async with serving(responds(OK)) as server, engine() as process:
        send(process, {"stop": True}, fire_command(burst(server.port, "/", 20, 4)))
        fired = await collect(process)
    assert (fired.fired["requests"], fired.fired["stopped"]) == (20, False)


@pytest.mark.processes
async def test_the_end_of_stdin_stops_the_firing_and_no_row_is_lost() -> None:
    in_flight = asyncio.Event()

    def counts(peer: Peer, number: int) -> None:
        if number == 19:
            in_flight.set()

    async with serving(counts) as server, engine() as process:
        send(
            process,
            fire_command(burst(server.port, "/", 100, 20)),
            fire_command(burst(server.port, "/", 5, 5)),
        )
        await in_flight.wait()
        assert process.stdin
        process.stdin.close()
        fired = Fired()
        async for payload in payloads(process):
            fired.take(payload)
        assert fired.samples["error"] == [Failure.ABORTED] * 20
        assert (fired.fired["requests"], fired.fired["stopped"]) == (20, True)
        assert server.requests == 20  # the second firing has not begun
        assert await asyncio.wait_for(process.wait(), 5) == 0
