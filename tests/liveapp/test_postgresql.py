"""The ORM's scenarios on a real PostgreSQL, with psycopg's pool and without."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from liveapp.databases import POOL_MAX
from tests.postgresql import postgresql
from tests.targets.helpers import until

from .conftest import Liveapp
from .http import Client, get

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "uvicorn"]


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A PostgreSQL of its own, for as long as the tests take."""
    with postgresql() as url:
        yield url


@pytest.fixture(scope="module")
def liveapp(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Liveapp]:
    directory = tmp_path_factory.mktemp("postgresql")
    liveapp = Liveapp(directory, {"LIVEAPP_DATABASE_URL": database_url})
    yield liveapp
    liveapp.stop()


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(
    "path",
    [
        "orm-get/sync/?id=3",
        "orm-get/async/?id=3",
        "orm-slow/sync/?delay=0.2",
        "orm-slow/async/?delay=0.2",
        "orm-slow/sync-pooled/?delay=0.2",
        "orm-slow/async-pooled/?delay=0.2",
    ],
)
def test_each_finds_its_product(liveapp: Liveapp, server: str, path: str) -> None:
    began = time.monotonic()
    answer = get(f"{liveapp.url(server)}/{path}")
    assert answer.status_code == 200
    assert answer.json()["name"] == ("Product 3" if "id=3" in path else "Product 1")
    assert time.monotonic() - began >= (0.2 if "delay" in path else 0)


@pytest.mark.parametrize("server", SERVERS)
def test_a_transaction_across_the_bridge_is_whole(liveapp: Liveapp, server: str) -> None:
    """Rows are locked in one order, so concurrent swaps wait and do not fail."""
    base = liveapp.url(server)
    paths = [f"{base}/orm-limits/atomic-bridged/"] * 20
    with Client(timeout=30) as client, ThreadPoolExecutor(5) as pool:
        assert {answer.status_code for answer in pool.map(client.get, paths)} == {200}
    assert get(f"{base}/orm-get/sync/?id=2").json()["price"] == "1.74"


def test_without_a_pool_no_connection_outlives_its_request(
    liveapp: Liveapp, database_url: str
) -> None:
    base = liveapp.url("uvicorn")
    with Client() as client, ThreadPoolExecutor(8) as pool:
        paths = [f"{base}/orm-get/{variant}/" for variant in ("sync", "async")] * 20
        assert {answer.status_code for answer in pool.map(client.get, paths)} == {200}
    assert until(lambda: connections(database_url) <= 2 * POOL_MAX)
    before = connections(database_url)
    for _ in range(5):
        get(f"{base}/orm-get/async/")
    assert until(lambda: connections(database_url) <= before)


def test_a_pool_bounds_the_connections(liveapp: Liveapp, database_url: str) -> None:
    """More requests than it has connections wait for one; none fails."""
    path = f"{liveapp.url('uvicorn')}/orm-slow/async-pooled/?delay=0.2"
    requests = POOL_MAX + 10
    with Client(timeout=30) as client, ThreadPoolExecutor(requests) as pool:
        answers = [pool.submit(client.get, path) for _ in range(requests)]
        most = 0
        while not all(answer.done() for answer in answers):
            most = max(most, sleeping(database_url))
        assert {answer.result().status_code for answer in answers} == {200}
    assert 1 < most <= POOL_MAX


def connections(url: str) -> int:
    """How many clients the server has, besides the one that asks."""
    return count(url, "backend_type = 'client backend'") - 1


def sleeping(url: str) -> int:
    """How many are in a query that waits."""
    return count(url, "state = 'active' AND wait_event = 'PgSleep'")


def count(url: str, which: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM pg_stat_activity WHERE {which}").fetchone()
    assert row is not None
    return int(row[0])
