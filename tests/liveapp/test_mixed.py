"""Scenarios `sleep` and `mixed` under real servers: which requests wait for which."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import Liveapp
from .http import get

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "runserver", "uvicorn"]
WORDS = {
    "/sleep/sync/": "Sync response completed!",
    "/sleep/async/": "Async response completed!",
    "/sleep/async-blocking/": "Async response completed!",
    "/mixed/bridged/": "Sync task completed",
    "/mixed/bridged-threads/": "Sync task completed",
    "/mixed/gather-bridged/": "Sync task completed",
    "/mixed/gather-bridged-threads/": "Sync task completed",
    "/mixed/async-blocking/": "Sync task completed",
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("path", WORDS)
def test_each_answers_and_refuses_under_each_kind_of_server(
    path: str, server: str, served: Liveapp
) -> None:
    url = f"{served.url(server)}{path}"
    assert get(url, params={"delay": 0}).json()["message"] == WORDS[path]
    refused = get(url, params={"delay": -1})
    assert (refused.status_code, refused.json()["field"]) == (400, "delay")


@pytest.mark.parametrize("server", ["gunicorn-gthread", "uvicorn"])
@pytest.mark.parametrize("variant", ["gather-bridged", "gather-bridged-threads"])
def test_too_many_calls_are_refused(variant: str, server: str, served: Liveapp) -> None:
    answer = get(f"{served.url(server)}/mixed/{variant}/?delay=0&calls=21")
    expected = "expected a whole number from 1 to 20, found '21'"
    assert (answer.status_code, answer.json()) == (400, {"field": "calls", "message": expected})


@pytest.mark.parametrize("server", ["gunicorn-gthread", "uvicorn"])
@pytest.mark.parametrize("variant", ["gather-bridged", "gather-bridged-threads"])
def test_bridged_calls_of_one_request_share_its_one_thread(
    variant: str, server: str, served: Liveapp
) -> None:
    began = time.monotonic()
    answer = get(f"{served.url(server)}/mixed/{variant}/?delay=0.2&calls=4")
    assert answer.json() == {"message": "Sync task completed", "calls": 4}
    in_turn = time.monotonic() - began >= 0.8
    assert in_turn == (variant == "gather-bridged")


def test_without_a_bridge_all_other_requests_wait(served: Liveapp) -> None:
    url = f"{served.url('uvicorn')}/mixed/async-blocking/?delay=0.1"
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        assert {answer.status_code for answer in pool.map(get, [url] * 4)} == {200}
    assert time.monotonic() - began >= 0.4
