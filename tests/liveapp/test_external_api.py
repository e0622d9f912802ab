"""Scenarios `external-api` and `fan-out`: each variant under WSGI and ASGI, and a failing API."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from liveapp.slow_api import todo
from tests.targets.helpers import until

from .conftest import Liveapp
from .http import Client
from .started import Upstream

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "uvicorn"]
ONE = [
    "external-api/sync-requests",
    "external-api/sync-requests-shared",
    "external-api/sync-httpx",
    "external-api/sync-httpx-shared",
    "external-api/async-httpx",
    "external-api/async-httpx-shared",
]
SEVERAL = ["fan-out/sequential", "fan-out/threads", "fan-out/gather", "fan-out/async-sequential"]


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def liveapp(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Liveapp]:
    """A liveapp of this module's own, whose API can be taken away."""
    directory = tmp_path_factory.mktemp("external-api")
    liveapp = Liveapp(directory, {"LIVEAPP_API_URL": upstream.url}, setup=False)
    yield liveapp
    liveapp.stop()


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def client(server: str, liveapp: Liveapp) -> Iterator[httpx.Client]:
    with Client(base_url=liveapp.url(server)) as client:
        yield client


@pytest.mark.parametrize("path", ONE)
def test_it_answers_with_the_todo_when_the_api_has(path: str, client: httpx.Client) -> None:
    began = time.monotonic()
    answer = client.get(f"/{path}/?latency=0.1")
    assert (answer.status_code, answer.json()) == (200, todo(1))
    assert time.monotonic() - began >= 0.1


@pytest.mark.parametrize("path", SEVERAL)
def test_each_call_is_for_a_todo_of_its_own(path: str, client: httpx.Client) -> None:
    answer = client.get(f"/{path}/?latency=0.05&calls=4")
    assert answer.json() == {"todos": [todo(number) for number in range(1, 5)]}


@pytest.mark.parametrize("path", SEVERAL)
def test_the_calls_wait_together_or_in_turn(path: str, client: httpx.Client) -> None:
    client.get(f"/{path}/?latency=0&calls=4")  # clients are made, connections opened
    began = time.monotonic()
    assert client.get(f"/{path}/?latency=0.15&calls=4").status_code == 200
    assert (time.monotonic() - began >= 0.6) == path.endswith("sequential")


@pytest.mark.parametrize("path", ONE)
def test_what_is_shared_is_its_connections(
    path: str, server: str, client: httpx.Client, upstream: Upstream
) -> None:
    client.get(f"/{path}/?latency=0")
    before = upstream.state()
    for _ in range(5):
        client.get(f"/{path}/?latency=0")
    after = upstream.state()
    # Gunicorn gives each async view an event loop of its own, and with it a client.
    alone = not path.endswith("shared") or ("async" in path and server == "gunicorn-gthread")
    assert after["opened"] - before["opened"] == (5 if alone else 0)
    # None is left behind, as soon as the upstream has seen the end of the last.
    assert until(lambda: upstream.state()["connections"] <= before["connections"])


@pytest.mark.parametrize("path", ONE + SEVERAL)
def test_an_api_that_is_late_is_504(path: str, client: httpx.Client) -> None:
    answer = client.get(f"/{path}/?latency=5&timeout=0.05")
    assert answer.status_code == 504
    assert "the external API: " in answer.json()["message"]


@pytest.mark.parametrize("path", ONE + SEVERAL)
def test_an_api_that_fails_is_502(path: str, client: httpx.Client) -> None:
    answer = client.get(f"/{path}/?latency=0&error_rate=1")
    assert answer.status_code == 502
    assert answer.json() == {"message": "the external API: expected status 200, found 500"}


def test_an_api_that_is_gone_is_502_and_comes_back(liveapp: Liveapp, upstream: Upstream) -> None:
    servers = [liveapp.url(server) for server in SERVERS]
    urls = [f"{url}/{path}/?latency=0" for url in servers for path in ONE + SEVERAL]
    with Client() as client:
        assert {client.get(url).status_code for url in urls} == {200}
        with upstream.gone():
            answers = [client.get(url) for url in urls]
            assert {answer.status_code for answer in answers} == {502}
            assert all(answer.json()["message"] for answer in answers)
            assert {client.get(f"{url}/ping/").text for url in servers} == {"pong"}
        assert {client.get(url).status_code for url in urls} == {200}


@pytest.mark.parametrize("path", ONE + SEVERAL)
def test_bad_input_is_refused_by_name(path: str, client: httpx.Client) -> None:
    answer = client.get(f"/{path}/?latency=10.5")
    assert (answer.status_code, answer.json()["field"]) == (400, "latency")


@pytest.mark.parametrize("path", SEVERAL)
def test_too_many_calls_are_refused(path: str, client: httpx.Client) -> None:
    answer = client.get(f"/{path}/?calls=101")
    expected = "expected a whole number from 1 to 100, found '101'"
    assert (answer.status_code, answer.json()) == (400, {"field": "calls", "message": expected})
