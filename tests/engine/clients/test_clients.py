"""Other clients fire the same load: one row per request, with the same closed set of failures."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from dashboard.engine.clients import CLIENTS, make_client_driver
from dashboard.engine.clients.driver import ClientDriver
from dashboard.wire.failure import Failure
from dashboard.wire.frame import decode
from dashboard.wire.plan.plan import Firing, Rate
from dashboard.wire.tls import client_context
from tests.engine.servers.hostile import (
    OK,
    Behaviour,
    Peer,
    Server,
    resets,
    responds,
    rows_of,
    serving,
)
from tests.firing import ROOT
from tests.firing import burst as firing_at
from tests.targets.helpers import descriptors

CLOSES_HALFWAY = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"
BROKEN = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 3\r\n\r\nno!"
each_client = pytest.mark.parametrize("client", sorted(CLIENTS))

Rows = list[dict[str, int]]


def silent(peer: Peer, number: int) -> None:
    """Send no response."""


async def fire(firing: Firing, aside: Callable[[ClientDriver], Awaitable[None]] | None) -> Rows:
    driver = make_client_driver(firing)
    beside = asyncio.ensure_future(aside(driver)) if aside else None
    await asyncio.wait_for(driver.fire(), 20)
    await asyncio.wait_for(driver.close(), 5)
    if beside:
        await beside
    return rows_of(driver)


def shoot(
    client: str,
    answer: Behaviour,
    requests: int,
    concurrency: int,
    aside: Callable[[ClientDriver], Awaitable[None]] | None = None,
    **more: Any,
) -> tuple[Rows, Server]:
    async def main() -> tuple[Rows, Server]:
        async with serving(answer) as server:
            firing = firing_at(server.port, "/a?b=c", requests, concurrency, **more)
            return await fire(replace(firing, client=client), aside), server

    return uvloop.run(main())


def in_order(row: dict[str, int]) -> bool:
    stamps = [row[name] for name in ("due", "connecting", "sent_first", "sent", "done")]
    known_stamps = [stamp for stamp in stamps if stamp >= 0]
    return known_stamps == sorted(known_stamps)


@each_client
def test_every_request_has_one_row_with_what_the_client_tells(client: str) -> None:
    rows, server = shoot(client, responds(OK), 12, 3)
    assert sorted(row["request"] for row in rows) == list(range(12))
    assert {(row["status"], row["error"]) for row in rows} == {(200, 0)}
    assert all(in_order(row) for row in rows)
    assert all(row["sent_first"] >= 0 and row["sent"] == row["sent_first"] for row in rows)
    assert {row["first_byte"] for row in rows} == {-1}
    assert server.heads[0].startswith(b"GET /a?b=c HTTP/1.1\r\n")
    # One of three threads may start when the others have sent everything.
    assert server.connections == 12 if client == "httpx" else 1 <= server.connections <= 3
    made = [row for row in rows if row["connecting"] >= 0]
    assert len(made) == server.connections
    assert [row["due"] for row in rows if row["request"] < 3] == [0, 0, 0]
    assert all(row["due"] > 0 for row in rows if row["request"] >= 3)


@each_client
def test_the_request_is_the_firings(client: str) -> None:
    headers = (("X-Own", "1"), ("User-Agent", "mine"))
    more: dict[str, Any] = {"method": "POST", "headers": headers, "body": "né"}
    rows, server = shoot(client, responds(OK), 4, 2, **more, keep_alive=False)
    head = server.heads[0].partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"post /a?b=c http/1.1\r\n")
    for line in (b"x-own: 1", b"user-agent: mine", b"content-length: 3", b"connection: close"):
        assert head.count(line) == 1
    assert {row["error"] for row in rows} == {0}
    assert all(row["sent"] > row["sent_first"] for row in rows)
    assert all(row["connecting"] >= 0 for row in rows)


@each_client
def test_statuses_from_400_are_failures_and_redirects_are_not_followed(client: str) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
    rows, _ = shoot(client, responds(BROKEN), 4, 2)
    assert {(row["status"], row["error"]) for row in rows} == {(500, Failure.STATUS)}
    rows, server = shoot(client, responds(moved), 4, 2)
    assert {(row["status"], row["error"]) for row in rows} == {(302, 0)}
    assert server.requests == 4


@each_client
@pytest.mark.parametrize(
    ("answer", "failure"),
    [
        (resets, Failure.RESET),
        (responds(close=True), Failure.CLOSED),
        (responds(CLOSES_HALFWAY, close=True), Failure.CLOSED),
        (responds(b"\0\1\2 this is not HTTP\r\n\r\n"), Failure.MALFORMED),
    ],
    ids=["reset", "closed", "closed-halfway", "malformed"],
)
def test_failures_are_those_of_the_load_generator(
    client: str, answer: Behaviour, failure: Failure
) -> None:
    rows, _ = shoot(client, answer, 3, 2)
    assert [row["error"] for row in rows] == [failure] * 3
    assert all(in_order(row) for row in rows)


@each_client
def test_the_probes_stamps_are_in_the_row(client: str) -> None:
    def probed(peer: Peer, number: int) -> None:
        entered = time.monotonic_ns()
        header = b"Liveburst: %d %d %d 42" % (entered, entered, time.monotonic_ns())
        peer.write(b"HTTP/1.1 200 OK\r\n" + header + b"\r\nContent-Length: 0\r\n\r\n")

    rows, _ = shoot(client, probed, 6, 2)
    assert {(row["error"], row["process"]) for row in rows} == {(0, 42)}
    for row in rows:
        names = ("sent_first", "entered", "view_entered", "view_left", "done")
        stamps = [row[name] for name in names]
        assert stamps == sorted(stamps)


@each_client
def test_tls_with_an_untrusted_certificate(client: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("somebody.else.example").configure_cert(context)

    async def main() -> Rows:
        async with serving(responds(OK), context) as server:
            firing = firing_at(server.port, "/", 6, 2, tls=True, client=client)
            return await fire(firing, None)

    assert {(row["status"], row["error"]) for row in uvloop.run(main())} == {(200, 0)}


@each_client
@pytest.mark.parametrize(("trusted", "failure"), [(True, Failure.NONE), (False, Failure.TLS)])
def test_a_certificate_is_verified_by_the_authority_that_is_named(
    client: str, trusted: bool, failure: Failure, tmp_path: Path
) -> None:
    issuer, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("127.0.0.1").configure_cert(context)
    ca = tmp_path / "ca.pem"
    (issuer if trusted else other).cert_pem.write_to_path(ca)

    async def main() -> Rows:
        async with serving(responds(OK), context) as server:
            firing = firing_at(server.port, "/", 6, 2, tls=True, client=client)
            return await fire(replace(firing, ca=str(ca)), None)

    assert {row["error"] for row in uvloop.run(main())} == {failure}


def test_only_loopback_is_not_verified() -> None:
    assert client_context("shop.example").verify_mode == ssl.CERT_REQUIRED
    assert client_context("10.0.0.1").check_hostname
    assert client_context("127.0.0.1").verify_mode == ssl.CERT_NONE


@each_client
def test_a_refused_connection_is_a_row(client: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # without listening
        firing = firing_at(taken.getsockname()[1], "/", 6, 3)
        rows = uvloop.run(fire(replace(firing, client=client), None))
    assert [row["error"] for row in rows] == [Failure.REFUSED] * 6
    assert {row["sent_first"] for row in rows} == {-1}


@each_client
def test_a_timeout_counts_from_due(client: str) -> None:
    rows, _ = shoot(client, silent, 4, 2, timeout_s=0.3)
    assert [row["error"] for row in rows] == [Failure.TIMEOUT] * 4
    assert all(row["done"] - row["due"] >= 299_000_000 for row in rows)


def held() -> tuple[int, int]:
    """Return how many descriptors and threads this process has."""
    return descriptors(), threading.active_count()


def more_than(before: tuple[int, int]) -> bool:
    """Return whether there are more now; fewer are fine: a thread may have ended since."""
    return any(now > then for now, then in zip(held(), before, strict=True))


@pytest.mark.alone
@each_client
def test_stop_aborts_what_is_in_flight_at_once(client: str) -> None:
    def counts(peer: Peer, number: int) -> None:
        if number == 4:
            all_sent.set()

    async def stop(driver: ClientDriver) -> None:
        await all_sent.wait()
        began.append(time.monotonic())
        driver.stop()

    all_sent, began = asyncio.Event(), list[float]()
    shoot(client, responds(OK), 1, 1)  # so that what a process opens once is open
    before = held()
    rows, _ = shoot(client, counts, 50, 5, aside=stop)
    assert time.monotonic() - began[0] < 0.2
    assert [row["error"] for row in rows] == [Failure.ABORTED] * 5
    deadline = time.monotonic() + 5
    while more_than(before) and time.monotonic() < deadline:
        threading.Event().wait(0.01)  # threads wake up and end
    assert not more_than(before)


@each_client
def test_stop_records_every_request_that_was_due(client: str) -> None:
    async def stopped_before_it_begins() -> Rows:
        driver = make_client_driver(firing_at(1, "/", 50, 20, client=client))
        driver.stop()
        await asyncio.wait_for(driver.fire(), 5)
        await driver.close()
        return rows_of(driver)

    async def stop_at_once(driver: ClientDriver) -> None:
        await asyncio.sleep(0)  # the driver's first turn
        driver.stop()

    async def stop(driver: ClientDriver) -> None:
        await both_sent.wait()
        asyncio.get_running_loop().call_later(0.06, driver.stop)

    async def rate_held_back() -> Rows:
        async with serving(counts) as server:
            load = Rate(rate_rps=1000, duration_s=2, concurrency=2)
            firing = Firing(0, 1, "127.0.0.1", server.port, "/", load, 20.0, client=client)
            return await fire(firing, stop)

    def counts(peer: Peer, number: int) -> None:
        if number == 1:
            both_sent.set()

    both_sent = asyncio.Event()
    assert uvloop.run(stopped_before_it_begins()) == []
    rows, _ = shoot(client, silent, 50, 20, aside=stop_at_once)
    assert [row["error"] for row in rows] == [Failure.ABORTED] * 20
    rows = uvloop.run(rate_held_back())
    assert {row["error"] for row in rows} == {Failure.ABORTED}
    assert sorted(row["request"] for row in rows) == list(range(len(rows)))
    assert 50 < len(rows) < 2000
    assert all(row["due"] <= row["done"] for row in rows)


@each_client
def test_a_rate_keeps_its_schedule_without_responses(client: str) -> None:
    held: list[Peer] = []

    def answers_all_at_the_end(peer: Peer, number: int) -> None:
        held.append(peer)
        if number == 9:
            for each in held:
                each.write(OK)

    async def main() -> Rows:
        async with serving(answers_all_at_the_end) as server:
            load = Rate(rate_rps=100, duration_s=0.1)
            firing = Firing(0, 1, "127.0.0.1", server.port, "/", load, 20.0, client=client)
            return await fire(firing, None)

    rows = uvloop.run(main())
    assert sorted(row["due"] for row in rows) == [number * 10_000_000 for number in range(10)]
    assert {row["error"] for row in rows} == {0}
    assert all(in_order(row) for row in rows)


@each_client
def test_frames_report_what_begins_and_what_ended(client: str) -> None:
    kinds: list[str] = []
    seen: set[int] = set()

    def collects(peer: Peer, number: int) -> None:
        peers.append(peer)
        if number == 1:
            both.set()

    async def watch(driver: ClientDriver) -> None:
        await both.wait()
        assert driver.next_frame() is None
        assert driver.in_flight == 2
        data = driver.begun_frame()
        assert data
        frame = decode(data)
        kinds.append(frame.kind)
        seen.update(frame.columns["request"])
        assert frame.extra["at_ns"] > 0
        for peer in peers:
            peer.write(OK)

    peers, both = list[Peer](), asyncio.Event()
    rows, _ = shoot(client, collects, 2, 2, aside=watch)
    assert kinds == ["begun"]
    assert seen == {0, 1}
    assert {row["error"] for row in rows} == {0}


@pytest.mark.processes
def test_the_load_generator_imports_no_client() -> None:
    program = (
        "import sys, dashboard.engine.cli.standalone, dashboard.engine.runtime.child;"
        "import json; print(json.dumps([n for n in sys.modules if '.' not in n]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=ROOT, capture_output=True, timeout=20
    )
    assert not {"httpx", "aiohttp", "requests", "urllib3"} & set(json.loads(done.stdout))
