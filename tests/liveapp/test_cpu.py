"""Scenarios `cpu` and `cpu-image`: each variant under WSGI and ASGI, Celery with a real worker."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from dashboard.project.labtoml.load import load_manifest
from dashboard.targets.lifecycle.sockets import free_port
from liveapp.work import primes_below, thumbnail_bytes
from tests.targets.helpers import LIVEAPP, ROOT, until

from .conftest import Liveapp
from .http import Client, get

pytestmark = pytest.mark.servers

SERVERS = ["gunicorn-gthread", "uvicorn", "daphne"]
HERE = ["sync", "async-naive", "async-threads", "process-pool"]
LIMIT = 1_000
PRIMES = 168  # below a thousand
NOT_THERE = uuid.UUID(int=0)


def url(liveapp: Liveapp, server: str) -> str:
    return liveapp.url(server, "cpu")


def fetched(client: httpx.Client, path: str) -> httpx.Response:
    """The answer, polled where it is 202 at first."""
    answer = client.get(path)
    deadline = time.monotonic() + 20
    while answer.status_code == 202 and time.monotonic() < deadline:
        answer = client.get(answer.headers["Location"])
    return answer


def test_the_work_is_what_it_says() -> None:
    assert [primes_below(limit) for limit in (0, 2, 3, 10, 1000)] == [0, 0, 1, 4, PRIMES]
    assert thumbnail_bytes(16) > 100


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", HERE)
def test_each_computes_the_same(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{url(served, server)}/cpu/{variant}/?limit={LIMIT}", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"primes": PRIMES})


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("variant", HERE)
def test_each_makes_the_same_picture(served: Liveapp, server: str, variant: str) -> None:
    answer = get(f"{url(served, server)}/cpu-image/{variant}/?pixels=64", timeout=20)
    assert (answer.status_code, answer.json()) == (200, {"bytes": thumbnail_bytes(64)})


@pytest.mark.parametrize("server", SERVERS)
def test_celery_queues_it_and_the_response_names_the_result(served: Liveapp, server: str) -> None:
    with Client(base_url=url(served, server)) as client:
        assert client.get(f"/cpu/celery/?limit={LIMIT}").status_code == 202
        assert fetched(client, f"/cpu/celery/?limit={LIMIT}").json() == {"result": PRIMES}
        expected = {"result": thumbnail_bytes(64)}
        assert fetched(client, "/cpu-image/celery/?pixels=64").json() == expected


def test_a_result_is_there_soon(served: Liveapp) -> None:
    """The worker looks every 20 ms; kombu's own habit is once a second."""
    with Client(base_url=url(served, "gunicorn-gthread")) as client:
        fetched(client, "/cpu/celery/?limit=2")
        began = time.monotonic()
        for _ in range(5):
            fetched(client, "/cpu/celery/?limit=2")
        assert (time.monotonic() - began) / 5 < 0.5


def test_no_task_of_many_is_lost(served: Liveapp) -> None:
    """A message's file is whole when it appears, else a worker would take an empty one."""
    base = url(served, "gunicorn-gthread")
    with Client(base_url=base, timeout=30) as client, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: fetched(client, "/cpu/celery/?limit=10"), range(200)))
    assert [answer.json() for answer in answers] == [{"result": 4}] * 200


def test_a_result_is_fetched_once(served: Liveapp) -> None:
    with Client(base_url=url(served, "uvicorn")) as client:
        accepted = client.get(f"/cpu/celery/?limit={LIMIT}")
        location = accepted.headers["Location"]
        assert until(lambda: client.get(location).status_code == 200)
        assert client.get(location).status_code == 202  # as for an unknown task
        assert client.get(f"/results/{NOT_THERE}/").status_code == 202
        assert client.get("/results/none/").status_code == 404


@pytest.mark.parametrize(
    ("variant", "limit"),
    [
        *((variant, "abc") for variant in HERE),
        *(("celery", limit) for limit in ("abc", "0", "-1", "1e3", "2000001")),
    ],
)
def test_a_limit_out_of_bounds_is_refused_by_name(
    served: Liveapp, variant: str, limit: str
) -> None:
    answer = get(f"{url(served, 'uvicorn')}/cpu/{variant}/", params={"limit": limit})
    assert (answer.status_code, answer.json()["field"]) == (400, "limit")
    assert repr(limit) in answer.json()["message"]


def test_a_pool_whose_process_was_killed_is_begun_anew(served: Liveapp) -> None:
    base = url(served, "uvicorn")
    answer = get(f"{base}/cpu/process-pool/?limit=2", timeout=20)
    server = psutil.Process(int(answer.headers["liveburst"].split()[3]))
    for child in server.children():
        if "spawn_main" in " ".join(child.cmdline()):
            os.kill(child.pid, signal.SIGKILL)
    assert until(lambda: get(f"{base}/cpu/process-pool/?limit=2", timeout=20).status_code == 200)


def test_the_worker_ends_soon_after_it_was_asked_to(tmp_path: Path) -> None:
    """In a second; by itself Celery takes more than five, and the guard kills it in the middle."""
    worker = load_manifest(LIVEAPP).companions["worker"].command_on(0, sys.executable)
    home = {"LIVEAPP_HOME": str(tmp_path), "REDIS_URL": ""}
    with subprocess.Popen(
        [*worker, "--loglevel", "INFO"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "liveapp.settings", **home},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stderr
        assert any(" ready." in line for line in process.stderr)
        process.terminate()
        assert process.wait(4) == 0


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed here")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(5)


def test_redis_is_the_queue_where_one_is_named(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory: Path = tmp_path_factory.mktemp("redis")
    liveapp = Liveapp(directory, {"REDIS_URL": redis_url}, setup=False)
    try:
        with Client(base_url=url(liveapp, "uvicorn")) as client:
            assert fetched(client, f"/cpu/celery/?limit={LIMIT}").json() == {"result": PRIMES}
        assert list((directory / "messages").iterdir()) == []
    finally:
        liveapp.stop()


def test_a_queue_that_is_gone_is_unavailable(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("gone")
    nowhere = f"redis://127.0.0.1:{free_port()}/0"
    liveapp = Liveapp(directory, {"REDIS_URL": nowhere}, setup=False)
    try:
        base = liveapp.url("gunicorn-gthread")  # without a worker, which would wait for ever
        answer = get(f"{base}/cpu/celery/?limit=2", timeout=30)
        assert answer.status_code == 503
        assert "expected the queue" in answer.json()["message"]
        assert get(f"{base}/ping/").status_code == 200
    finally:
        liveapp.stop()
