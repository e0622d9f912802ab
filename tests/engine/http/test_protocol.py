"""What HTTP has besides a GET on a connection that stays: methods, bodies, 100-continue, TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trustme
import uvloop

from dashboard.engine.loads.burst import BurstDriver
from dashboard.engine.loads.factory import make_driver
from dashboard.wire.failure import Failure
from dashboard.wire.plan import Firing, Rate
from tests.engine.servers.hostile import (
    END_OF_HEAD,
    OK,
    Answer,
    Peer,
    Shot,
    rows_of,
    says,
    serving,
    shoot,
)
from tests.firing import burst as firing_at
from tests.firing import in_order

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NO_THANKS = b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"
BODY = "a body"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_methods_headers_and_bodies(method: str) -> None:
    headers = (("X-Own", "1"), ("Accept", "text/html"))
    shot = shoot(says(OK), 6, 2, method=method, headers=headers, body="né")
    assert {(row["status"], row["error"]) for row in shot.rows} == {(200, 0)}
    for head in shot.server.heads:
        assert head.startswith(b"%s / HTTP/1.1\r\n" % method.encode())
        for line in (b"X-Own: 1", b"Accept: text/html", b"Content-Length: 3", b"n\xc3\xa9"):
            assert head.count(line) == 1
    assert shot.server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        CONTINUE + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_the_answer_to_head_has_no_body_and_the_connection_is_kept(answer: bytes) -> None:
    shot = shoot(says(answer), 9, 3, method="HEAD")
    assert {row["error"] for row in shot.rows} == {0}
    assert shot.server.connections == 3


@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n",
        OK[:15] + b"\r\nConnection: close" + OK[15:],
    ],
)
def test_head_too_is_told_when_something_else_comes(answer: bytes) -> None:
    body = not answer.endswith(END_OF_HEAD)
    shot = shoot(says(answer), 4, 2, method="HEAD")
    assert {row["error"] for row in shot.rows} == {Failure.SURPLUS if body else 0}
    assert shot.server.connections == 4


def test_without_keep_alive_each_request_has_a_connection_whatever_the_server_says() -> None:
    shot = shoot(says(OK), 9, 3, keep_alive=False)
    assert shot.server.connections == 9
    assert all(b"\r\nConnection: close\r\n" in head for head in shot.server.heads)
    assert {row["error"] for row in shot.rows} == {0}
    assert all(row["due"] <= row["connecting"] <= row["sent_first"] for row in shot.rows)


def waits_for_the_body(first: bytes) -> Answer:
    """Says `first` to a head, and answers when the body has come."""

    def answer(peer: Peer, number: int) -> None:
        peer.write(first)
        peer.awaited = BODY.encode()

    return answer


def test_the_body_waits_for_100_continue() -> None:
    shot = shoot(waits_for_the_body(CONTINUE), 6, 2, method="POST", body=BODY, await_continue=True)
    assert {(row["status"], row["error"]) for row in shot.rows} == {(200, 0)}
    assert all(row["sent_first"] < row["sent"] < row["first_byte"] for row in shot.rows)
    assert all(in_order(row) for row in shot.rows)
    for head in shot.server.heads:
        assert head.endswith(END_OF_HEAD)
        assert b"\r\nExpect: 100-continue\r\n" in head
    assert shot.server.connections == 2


def test_a_body_that_nobody_wants_is_not_sent() -> None:
    shot = shoot(says(NO_THANKS), 3, 1, method="POST", body=BODY, await_continue=True)
    assert {(row["status"], row["error"]) for row in shot.rows} == {(417, Failure.STATUS)}
    assert {row["sent"] for row in shot.rows} == {-1}
    assert shot.server.connections == 3  # where the server still waits for that body, perhaps


def test_a_server_that_does_not_know_100_continue_gets_the_body_after_a_second() -> None:
    shot = shoot(waits_for_the_body(b""), 1, 1, method="POST", body=BODY, await_continue=True)
    [row] = shot.rows
    assert (row["status"], row["error"]) == (200, 0)
    assert row["sent"] - row["sent_first"] >= 990_000_000


@contextmanager
def certified() -> Iterator[ssl.SSLContext]:
    """A server's context, by an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("somebody.else.example").configure_cert(context)
    yield context


def shoot_tls(answer: Answer, context: ssl.SSLContext) -> Shot:
    async def main() -> Shot:
        async with serving(answer, context) as server:
            driver = BurstDriver(firing_at(server.port, "/", 8, 2, tls=True))
            await asyncio.wait_for(driver.fire(), 20)
            await driver.close()
            return Shot(rows_of(driver), driver, server)

    return uvloop.run(main())


def test_tls_with_a_certificate_of_nobody() -> None:
    with certified() as context:
        shot = shoot_tls(says(OK), context)
        assert {(row["status"], row["error"]) for row in shot.rows} == {(200, 0)}
        assert shot.server.connections == 2
        assert all(in_order(row) for row in shot.rows)
        closing = shoot_tls(says(b"HTTP/1.1 200 OK\r\n\r\nuntil I close", close=True), context)
    assert {(row["status"], row["error"]) for row in closing.rows} == {(200, 0)}
    assert closing.server.connections == 8


def test_tls_where_nobody_speaks_it() -> None:
    assert {row["error"] for row in shoot_mail(tls=True)} == {Failure.TLS}


def test_an_open_load_has_the_same_protocol() -> None:
    async def main() -> list[dict[str, int]]:
        async with serving(says(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")) as server:
            load = Rate(rate_rps=500, duration_s=0.04)
            firing = Firing(0, 1, "127.0.0.1", server.port, "/", load, 10.0, method="HEAD")
            driver = make_driver(firing)
            await asyncio.wait_for(driver.fire(), 20)
            await driver.close()
            return rows_of(driver)

    rows = uvloop.run(main())
    assert len(rows) == 20
    assert {(row["status"], row["error"]) for row in rows} == {(200, 0)}


def shoot_mail(**more: Any) -> list[dict[str, int]]:
    """A burst at a server that speaks first, and something else than HTTP."""

    async def greets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    async def main() -> list[dict[str, int]]:
        server = await asyncio.start_server(greets, "127.0.0.1", 0, family=socket.AF_INET)
        driver = BurstDriver(firing_at(server.sockets[0].getsockname()[1], "/", 6, 2, **more))
        await asyncio.wait_for(driver.fire(), 20)
        await driver.close()
        server.close()
        return rows_of(driver)

    return uvloop.run(main())


def test_a_port_of_something_else() -> None:
    assert {row["error"] for row in shoot_mail()} == {Failure.MALFORMED}
