"""The external API, as a process: what it answers, how slowly, and how many it holds."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import BinaryIO

import httpx
import pytest

from liveapp.slow_api import Api, BadQuery, Behaviour, todo
from liveapp.upstream import MAX_HEAD_BYTES, arguments
from tests.targets.helpers import until, until_async

from .http import Client, get
from .started import Upstream

CONNECTIONS = 10_000


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def client(upstream: Upstream) -> Iterator[httpx.Client]:
    with Client(base_url=upstream.url) as client:
        yield client


@pytest.fixture
def connection(upstream: Upstream) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", upstream.port), timeout=60) as connection:
        yield connection


def test_the_first_todo_is_that_of_jsonplaceholder(client: httpx.Client) -> None:
    answer = client.get("/todos/1")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.json() == {
        "userId": 1,
        "id": 1,
        "title": "delectus aut autem",
        "completed": False,
    }


def test_two_hundred_todos_are_those_of_ten_users() -> None:
    todos = [todo(number) for number in range(1, 201)]
    assert [todo_["id"] for todo_ in todos] == [*range(1, 201)]
    assert {user: [todo_["userId"] for todo_ in todos].count(user) for user in range(1, 11)} == (
        dict.fromkeys(range(1, 11), 20)
    )


@pytest.mark.parametrize("path", ["/todos/0", "/todos/201", "/todos/x", "/todos/1/", "/users/1"])
def test_what_is_not_there_is_an_empty_404(path: str, client: httpx.Client) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.json()) == (404, {})


def test_a_head_has_no_body_and_another_method_is_refused(client: httpx.Client) -> None:
    answer = client.head("/todos/1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(client.get("/todos/1").content)
    assert client.post("/todos/1", json={"title": "aut"}).status_code == 405
    assert client.get("/todos/1").status_code == 200  # the connection is whole


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latency", "-1"),
        ("latency", "nan"),
        ("jitter", "61"),
        ("error_rate", "1.1"),
        ("capacity", "1.5"),
        ("capacity", ""),
    ],
)
def test_a_bad_query_is_refused_by_name(name: str, value: str, client: httpx.Client) -> None:
    answer = client.get("/todos/1", params={name: value})
    assert (answer.status_code, answer.json()["field"]) == (400, name)
    assert repr(value) in answer.json()["message"]


def test_it_waits_as_long_as_it_is_told(client: httpx.Client) -> None:
    began = time.monotonic()
    client.get("/todos/1?latency=0.2")
    assert 0.2 <= time.monotonic() - began < 5


def test_the_command_line_sets_defaults_that_a_request_overrides() -> None:
    upstream = Upstream("--latency", "0.2", "--error-rate", "1")
    try:
        began = time.monotonic()
        assert get(f"{upstream.url}/todos/1").status_code == 500
        assert time.monotonic() - began >= 0.2
        assert get(f"{upstream.url}/todos/1?error_rate=0&latency=0").status_code == 200
    finally:
        upstream.stop()


def test_the_same_seed_fails_the_same_requests() -> None:
    def failures(seed: int) -> list[int]:
        upstream = Upstream("--seed", str(seed), "--error-rate", "0.5")
        try:
            with Client(base_url=upstream.url) as client:
                return [client.get("/todos/1").status_code for _ in range(30)]
        finally:
            upstream.stop()

    first = failures(1)
    assert failures(1) == first
    assert failures(2) != first
    assert {200, 500} == {*first}


def test_so_many_at_once(upstream: Upstream) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(6) as pool, Client(base_url=upstream.url) as client:
        answers = list(pool.map(client.get, ["/todos/1?latency=0.1&capacity=2"] * 6))
    assert {answer.status_code for answer in answers} == {200}
    assert time.monotonic() - began >= 0.3


async def test_the_others_wait_in_their_order() -> None:
    api = Api(Behaviour(latency=0.01, capacity=2), seed=0)
    ended: list[int] = []

    def note(number: int, failed: bool) -> None:
        ended.append(number)

    works = [api.begin("", partial(note, number)) for number in range(7)]
    works[3].give_up()
    assert (api.state()["busy"], api.state()["waiting"]) == (2, 4)
    assert await until_async(lambda: len(ended) == 6)
    assert ended == [0, 1, 2, 4, 5, 6]
    assert (api.state()["busy"], api.state()["waiting"]) == (0, 0)


def at_work(upstream: Upstream) -> int:
    state = upstream.state()
    return state["busy"] + state["waiting"]


def test_a_client_that_gives_up_frees_its_place(upstream: Upstream) -> None:
    with socket.create_connection(("127.0.0.1", upstream.port)) as gives_up:
        gives_up.sendall(request("/todos/1?latency=30&capacity=1"))
        assert until(lambda: upstream.state()["busy"] == 1)
    assert get(f"{upstream.url}/todos/2?capacity=1").json()["id"] == 2
    assert until(lambda: at_work(upstream) == 0)


def test_requests_sent_ahead_are_answered_in_their_order(connection: socket.socket) -> None:
    latencies = [0.1, 0, 0.05, *[0] * 200]
    paths = [f"/todos/{at % 200 + 1}?latency={s}" for at, s in enumerate(latencies)]
    connection.sendall(b"".join(map(request, paths)))
    with connection.makefile("rb") as answers:
        ids = [read(answers)[1]["id"] for _ in paths]
    assert ids == [at % 200 + 1 for at in range(len(paths))]


def test_a_request_may_come_byte_by_byte(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in request("/todos/7?latency=0"):
        connection.sendall(bytes([byte]))
    with connection.makefile("rb") as answers:
        assert read(answers)[1]["id"] == 7


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"what is this\r\n\r\n", 400),
        (b"GET /todos/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
        (b"GET /todos/1 HTTP/1.0\r\n\r\n", 200),
        (
            b"GET /todos/1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            200,
        ),
        (b"GET //[ HTTP/1.1\r\nHost: a\r\n\r\nwhat is this\r\n\r\n", 400),
    ],
)
def test_what_ends_a_connection_is_answered_first(
    sent: bytes, status: int, connection: socket.socket
) -> None:
    connection.sendall(sent)
    with connection.makefile("rb") as answers:
        assert read(answers)[0] == status
        answers.read()  # to the end of the connection, or this would time out


def test_a_head_without_end_is_refused(connection: socket.socket, upstream: Upstream) -> None:
    connection.sendall(b"GET /todos/1 HTTP/1.1\r\nA: ")
    upstream.state()  # by now that has been read, and what follows is a piece of its own
    connection.sendall(b"a" * (MAX_HEAD_BYTES + 1))
    with connection.makefile("rb") as answers:
        assert read(answers)[0] == 431


def test_it_holds_ten_thousand_connections(upstream: Upstream) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < CONNECTIONS + 500:
        pytest.skip(f"this machine allows {hard} descriptors")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        with ExitStack() as open_connections:
            hold_all(upstream, open_connections)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert until(lambda: upstream.state()["connections"] < 10)


def hold_all(upstream: Upstream, stack: ExitStack) -> None:
    connections = [
        stack.enter_context(socket.create_connection(("127.0.0.1", upstream.port), timeout=60))
        for _ in range(CONNECTIONS)
    ]
    slowly = request("/todos/1?latency=2")
    for connection in connections:
        connection.sendall(slowly)
    assert until(lambda: upstream.state()["connections"] > CONNECTIONS)
    assert {connection.recv(4096).split(b"\r\n")[0] for connection in connections} == {
        b"HTTP/1.1 200 OK"
    }


def test_the_command_line_names_what_it_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["--error-rate", "2"])
    assert "--error-rate" in capsys.readouterr().err


def test_a_query_changes_only_the_values_that_it_has() -> None:
    behaviour = Behaviour(latency=0.2, capacity=4)
    assert behaviour.with_query("jitter=0.1&other=x") == Behaviour(0.2, 0.1, 0, 4)
    with pytest.raises(BadQuery):
        behaviour.with_query("latency=")


def request(target: str) -> bytes:
    return f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def read(answers: BinaryIO) -> tuple[int, dict[str, int]]:
    """The status and the content of the next answer."""
    line = answers.readline()
    length = 0
    while (header := answers.readline()) != b"\r\n":
        name, _, value = header.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(line.split()[1]), json.loads(answers.read(length))
