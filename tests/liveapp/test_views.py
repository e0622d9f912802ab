"""liveapp's views: the article's words, and what they refuse."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import AsyncClient, Client

MESSAGES = {
    "/sleep/sync/": "Sync response completed!",
    "/sleep/async/": "Async response completed!",
    "/sleep/async-blocking/": "Async response completed!",
    "/mixed/bridged/": "Sync task completed",
    "/mixed/bridged-threads/": "Sync task completed",
}


@pytest.fixture(autouse=True)
def liveapp(settings: Any) -> None:
    settings.ROOT_URLCONF = "liveapp.urls"
    settings.MIDDLEWARE = []


@pytest.mark.parametrize("path", MESSAGES)
def test_each_view_has_its_content(path: str) -> None:
    response = Client().get(path, {"delay": "0"})
    assert (response.status_code, response.json()) == (200, {"message": MESSAGES[path]})


@pytest.mark.parametrize("path", MESSAGES)
async def test_each_waits_as_long_as_it_is_told(path: str) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    response = await AsyncClient().get(path, {"delay": "0.05"})
    assert response.json() == {"message": MESSAGES[path]}
    assert loop.time() - began >= 0.05


def test_it_waits_a_tenth_of_a_second_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    Client().get("/sleep/sync/")
    assert slept == [0.1]


@pytest.mark.parametrize("path", MESSAGES)
@pytest.mark.parametrize("delay", ["-1", "10.01", "nan", "inf", "soon", ""])
def test_a_delay_out_of_bounds_is_refused_by_name(path: str, delay: str) -> None:
    response = Client().get(path, {"delay": delay})
    assert response.status_code == 400
    assert response.json() == {
        "field": "delay",
        "message": f"expected seconds from 0 to 10, found {delay!r}",
    }


def test_ping() -> None:
    assert Client().get("/ping/").content == b"pong"
