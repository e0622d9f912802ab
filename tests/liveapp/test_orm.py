"""Scenarios `orm-get`, `orm-limits` and `orm-slow`: each variant under WSGI and under ASGI."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from liveapp.databases import POOLED, databases
from tests.targets.helpers import until

from .conftest import Liveapp
from .http import Client, get

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "uvicorn", "daphne"]
ONE = ["sync", "async"]
SEVERAL = ["sync-sequential", "async-gather"]
SECOND = {"name": "Product 2", "price": "1.74"}
THIRD = {"name": "Product 3", "price": "2.11"}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", ONE)
def test_a_product_has_a_name_and_a_price(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{served.url(server)}/orm-get/{variant}/?id=3")
    assert (answer.status_code, answer.json()) == (200, THIRD)


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", SEVERAL)
def test_several_products_come_in_their_order(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{served.url(server)}/orm-get/{variant}/?id=3&queries=4")
    names = [product["name"] for product in answer.json()["products"]]
    assert names == ["Product 3", "Product 4", "Product 5", "Product 6"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", [*ONE, *SEVERAL])
def test_an_unknown_id_is_not_found(served: Liveapp, server: str, variant: str) -> None:
    path = f"{served.url(server)}/orm-get/{variant}/"
    answer = get(
        path, params={"id": 10_000, "queries": 2} if variant in SEVERAL else {"id": 10_001}
    )
    assert answer.status_code == 404
    assert answer.json()["field"] == "id"
    assert "10001" in answer.json()["message"]


@pytest.mark.parametrize("variant", [*ONE, *SEVERAL])
def test_an_id_that_is_none_is_refused_by_name(served: Liveapp, variant: str) -> None:
    answer = get(f"{served.url('uvicorn')}/orm-get/{variant}/", params={"id": "abc"})
    assert answer.status_code == 400
    assert answer.json()["field"] == "id"
    assert repr("abc") in answer.json()["message"]


@pytest.mark.parametrize("server", SERVERS)
def test_connections_are_closed_with_their_requests(served: Liveapp, server: str) -> None:
    """Under ASGI each request has a thread of its own: what it opened must not stay with it."""
    base = served.url(server)
    with Client() as client, ThreadPoolExecutor(8) as pool:
        paths = [f"{base}/orm-get/{variant}/" for variant in [*ONE, *SEVERAL]] * 10
        assert {answer.status_code for answer in pool.map(client.get, paths)} == {200}
        answer = client.get(f"{base}/ping/")
    process = int(answer.headers["liveburst"].split()[3])
    assert until(lambda: not opened(process, "liveapp.sqlite3"), 2)  # it is closed after the answer


def opened(process: int, name: str) -> list[str]:
    """The files of this name, and those beside it, that a process has open."""
    links = []
    for link in os.listdir(f"/proc/{process}/fd"):  # noqa: PTH208 - it changes meanwhile
        with suppress(OSError):
            links.append(os.readlink(f"/proc/{process}/fd/{link}"))  # noqa: PTH115
    return [path for path in links if Path(path).name.startswith(name)]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", ["sync-in-async", "atomic-in-async"])
def test_what_django_refuses_is_a_result(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{served.url(server)}/orm-limits/{variant}/")
    assert answer.status_code == 501
    assert answer.json()["refused"] == "SynchronousOnlyOperation"
    assert "async context" in answer.json()["message"]


@pytest.mark.parametrize("server", SERVERS)
def test_a_transaction_across_the_bridge_is_whole(served: Liveapp, server: str) -> None:
    """However many swap at once, the two prices stay two prices, and an even number is none."""
    base = served.url(server)
    paths = [f"{base}/orm-limits/atomic-bridged/"] * 20
    with Client(timeout=30) as client, ThreadPoolExecutor(5) as pool:
        assert {answer.status_code for answer in pool.map(client.get, paths)} == {200}
    assert get(f"{base}/orm-get/sync/?id=2").json() == SECOND


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", ONE)
def test_a_slow_query_takes_its_time_in_the_database(
    served: Liveapp, server: str, variant: str
) -> None:
    began = time.monotonic()
    answer = get(f"{served.url(server)}/orm-slow/{variant}/?delay=0.2")
    assert time.monotonic() - began >= 0.2
    assert answer.json()["name"] == "Product 1"


@pytest.mark.parametrize("variant", ONE)
def test_slow_queries_wait_side_by_side(served: Liveapp, variant: str) -> None:
    """SQLite's wait lets go of the interpreter: six of 0.5 s take far less than 3 s."""
    path = f"{served.url('uvicorn')}/orm-slow/{variant}/?delay=0.5"
    get(path)
    with Client() as client, ThreadPoolExecutor(6) as pool:
        began = time.monotonic()
        assert {answer.status_code for answer in pool.map(client.get, [path] * 6)} == {200}
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("variant", ["sync-pooled", "async-pooled"])
def test_a_pool_is_postgresqls(served: Liveapp, variant: str) -> None:
    answer = get(f"{served.url('uvicorn')}/orm-slow/{variant}/?delay=0")
    assert answer.status_code == 503
    assert "LIVEAPP_DATABASE_URL" in answer.json()["message"]


def test_a_url_names_the_database_twice_with_a_pool_and_without(tmp_path: Path) -> None:
    settings_ = databases("postgresql://me:p%40ss@db.example:5433/shop?sslmode=require", tmp_path)
    plain = settings_["default"]
    assert (plain["NAME"], plain["USER"], plain["PASSWORD"]) == ("shop", "me", "p@ss")
    assert (plain["HOST"], plain["PORT"]) == ("db.example", 5433)
    assert plain["OPTIONS"] == {"sslmode": "require"}
    assert settings_[POOLED]["OPTIONS"]["pool"]["max_size"] == 20


def test_a_socket_is_named_by_its_directory(tmp_path: Path) -> None:
    settings_ = databases("postgres:///shop?host=/run/postgresql&port=5433", tmp_path)["default"]
    assert (settings_["HOST"], settings_["PORT"], settings_["OPTIONS"]) == (
        "/run/postgresql",
        "5433",
        {},
    )


@pytest.mark.parametrize("url", ["mysql://localhost/shop", "postgresql://localhost", "shop"])
def test_another_url_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="expected postgresql://"):
        databases(url, tmp_path)
