"""HTTP besides GET with keep-alive: methods, bodies, 100-continue, TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme
import uvloop

from dashboard.engine.loads.burst import BurstDriver
from dashboard.engine.loads.factory import make_driver
from dashboard.wire.failure import Failure
from dashboard.wire.plan.plan import Firing, Rate
from tests.engine.servers.hostile import (
    END_OF_HEAD,
    OK,
    Behaviour,
    Peer,
    Shot,
    responds,
    rows_of,
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
    shot = shoot(responds(OK), 6, 2, method=method, headers=headers, body="né")
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
def test_the_response_to_head_has_no_body_and_the_connection_stays_open(answer: bytes) -> None:
    shot = shoot(responds(answer), 9, 3, method="HEAD")
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
def test_a_body_in_the_response_to_head_is_a_surplus(answer: bytes) -> None:
    body = not answer.endswith(END_OF_HEAD)
    shot = shoot(responds(answer), 4, 2, method="HEAD")
    assert {row["error"] for row in shot.rows} == {Failure.SURPLUS if body else 0}
    assert shot.server.connections == 4


def test_without_keep_alive_each_request_uses_a_new_connection() -> None:
    shot = shoot(responds(OK), 9, 3, keep_alive=False)
    assert shot.server.connections == 9
    assert all(b"\r\nConnection: close\r\n" in head for head in shot.server.heads)
    assert {row["error"] for row in shot.rows} == {0}
    assert all(row["due"] <= row["connecting"] <= row["sent_first"] for row in shot.rows)


def waits_for_the_body(first: bytes) -> Behaviour:
    """Send `first` after the head, and a response after the body."""

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


def test_a_refused_body_is_not_sent() -> None:
    shot = shoot(responds(NO_THANKS), 3, 1, method="POST", body=BODY, await_continue=True)
    assert {(row["status"], row["error"]) for row in shot.rows} == {(417, Failure.STATUS)}
    assert {row["sent"] for row in shot.rows} == {-1}
    assert shot.server.connections == 3  # the server may still wait for that body


def test_without_100_continue_the_body_is_sent_after_a_second() -> None:
    shot = shoot(waits_for_the_body(b""), 1, 1, method="POST", body=BODY, await_continue=True)
    [row] = shot.rows
    assert (row["status"], row["error"]) == (200, 0)
    assert row["sent"] - row["sent_first"] >= 990_000_000


@contextmanager
def certified() -> Iterator[ssl.SSLContext]:
    """Yield a server's context with a certificate by an unknown authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("somebody.else.example").configure_cert(context)
    yield context


def shoot_tls(answer: Behaviour, context: ssl.SSLContext, ca: str | None = None) -> Shot:
    async def main() -> Shot:
        async with serving(answer, context) as server:
            driver = BurstDriver(replace(firing_at(server.port, "/", 8, 2, tls=True), ca=ca))
            await asyncio.wait_for(driver.fire(), 20)
            await driver.close()
            return Shot(rows_of(driver), driver, server)

    return uvloop.run(main())


@pytest.mark.parametrize(("trusted", "failure"), [(True, Failure.NONE), (False, Failure.TLS)])
def test_a_certificate_is_verified_by_the_authority_that_is_named(
    trusted: bool, failure: Failure, tmp_path: Path
) -> None:
    issuer, other = trustme.CA(), trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issuer.issue_cert("127.0.0.1").configure_cert(context)
    (issuer if trusted else other).cert_pem.write_to_path(tmp_path / "ca.pem")
    shot = shoot_tls(responds(OK), context, str(tmp_path / "ca.pem"))
    assert {row["error"] for row in shot.rows} == {failure}


def test_tls_with_an_untrusted_certificate() -> None:
    with certified() as context:
        shot = shoot_tls(responds(OK), context)
        assert {(row["status"], row["error"]) for row in shot.rows} == {(200, 0)}
        assert shot.server.connections == 2
        assert all(in_order(row) for row in shot.rows)
        closing = shoot_tls(responds(b"HTTP/1.1 200 OK\r\n\r\nuntil I close", close=True), context)
    assert {(row["status"], row["error"]) for row in closing.rows} == {(200, 0)}
    assert closing.server.connections == 8


def test_tls_to_a_server_without_tls() -> None:
    assert {row["error"] for row in shoot_mail(tls=True)} == {Failure.TLS}


def test_an_open_load_has_the_same_protocol() -> None:
    async def main() -> list[dict[str, int]]:
        async with serving(responds(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")) as server:
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
    """Fire a burst at a server that sends first, and not HTTP."""

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


def test_a_server_that_does_not_speak_http() -> None:
    assert {row["error"] for row in shoot_mail()} == {Failure.MALFORMED}
