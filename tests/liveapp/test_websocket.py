"""Scenario `websocket`: the consumers under real servers, and what people did before."""

from __future__ import annotations

import asyncio
import time

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from .conftest import Liveapp
from .http import get, post

pytestmark = pytest.mark.servers

SERVERS = ["daphne", "uvicorn"]
CONSUMERS = ["async", "sync"]
HELD = 50


def address(served: Liveapp, server: str, consumer: str, delay: str = "0") -> str:
    return f"{served.url(server).replace('http', 'ws')}/ws/{consumer}/?delay={delay}"


async def round_trip(websocket: ClientConnection, message: str | bytes) -> str | bytes:
    async with asyncio.timeout(10):
        await websocket.send(message)
        return await websocket.recv()


# `served` has an event loop of its own, which may not run inside another: it is asked first.
@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest, served: Liveapp) -> str:
    served.url(request.param)
    return str(request.param)


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_what_is_sent_comes_back(served: Liveapp, server: str, consumer: str) -> None:
    async with connect(address(served, server, consumer), proxy=None) as websocket:
        for message in ("one", "zwölf €", "x" * 100_000, b"\0\xff"):
            assert await round_trip(websocket, message) == message


@pytest.mark.parametrize("server", ["hypercorn", "granian-asgi"], indirect=True)
async def test_other_servers_speak_it_too(served: Liveapp, server: str) -> None:
    for consumer in CONSUMERS:
        async with connect(address(served, server, consumer), proxy=None) as websocket:
            assert await round_trip(websocket, "zwölf €") == "zwölf €"
    with pytest.raises(InvalidStatus):
        await connect(address(served, server, "async", "-1"), proxy=None)


@pytest.mark.parametrize("consumer", CONSUMERS)
async def test_it_waits_as_long_as_it_is_told(served: Liveapp, server: str, consumer: str) -> None:
    async with connect(address(served, server, consumer, "0.1"), proxy=None) as websocket:
        began = time.monotonic()
        assert await round_trip(websocket, "hello") == "hello"
        assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("consumer", CONSUMERS)
@pytest.mark.parametrize("delay", ["-1", "11", "soon"])
async def test_a_delay_out_of_bounds_is_refused(
    served: Liveapp, server: str, consumer: str, delay: str
) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(address(served, server, consumer, delay), proxy=None)
    assert refused.value.response.status_code == 403


async def test_an_async_consumer_holds_many_at_once(served: Liveapp, server: str) -> None:
    """Fifty that wait 0.2 s each are done in little more than that; one by one it were 10 s."""
    where = address(served, server, "async", "0.2")
    websockets = await asyncio.gather(*(connect(where, proxy=None) for _ in range(HELD)))
    try:
        began = time.monotonic()
        messages = [f"message {number}" for number in range(HELD)]
        trips = zip(websockets, messages, strict=True)
        echoes = await asyncio.gather(*(round_trip(*trip) for trip in trips))
        assert echoes == messages
        assert time.monotonic() - began < 3
    finally:
        await asyncio.gather(*(websocket.close() for websocket in websockets))


async def test_sync_consumers_share_one_thread(served: Liveapp, server: str) -> None:
    """Five that wait 0.1 s each wait for one another."""
    where = address(served, server, "sync", "0.1")
    websockets = await asyncio.gather(*(connect(where, proxy=None) for _ in range(5)))
    try:
        began = time.monotonic()
        await asyncio.gather(*(round_trip(websocket, "x") for websocket in websockets))
        assert time.monotonic() - began >= 0.5
    finally:
        await asyncio.gather(*(websocket.close() for websocket in websockets))


@pytest.mark.parametrize("server", ["gunicorn-gthread", "uvicorn"])
def test_long_polling_is_a_round_trip_too(served: Liveapp, server: str) -> None:
    path = f"{served.url(server)}/websocket/long-polling/"
    began = time.monotonic()
    answer = post(f"{path}?delay=0.1", content="zwölf €")
    assert (answer.status_code, answer.text) == (200, "zwölf €")
    assert time.monotonic() - began >= 0.1
    assert post(f"{path}?delay=soon").status_code == 400
    assert get(f"{path}?delay=0").status_code == 405
