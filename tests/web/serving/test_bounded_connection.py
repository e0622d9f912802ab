"""Connections that ask for nothing, with a clock of the test's own."""

from __future__ import annotations

import os
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web.http_headers import Headers

from dashboard.web.serving import bounded_connection as module
from dashboard.web.serving.bounded_connection import HEADERS_S, MOST_OF_OTHERS, BoundedChannel

REQUEST = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n"


class Transport(StringTransport):
    """A connection that knows whether it was aborted."""

    aborted = False

    def abortConnection(self) -> None:  # noqa: N802 - Twisted's name
        self.aborted = True
        self.connected = False


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def uid(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """The user at the other end of every connection."""
    peers: list[int | None] = [os.geteuid()]
    monkeypatch.setattr(module, "uid_of", lambda transport: peers[0])
    monkeypatch.setattr(BoundedChannel, "_of_others", type(BoundedChannel._of_others)())
    return peers


def connected(clock: Clock) -> tuple[Any, Transport]:
    channel: Any = BoundedChannel()  # type: ignore[no-untyped-call]
    transport = Transport()  # type: ignore[no-untyped-call]
    channel.callLater = clock.callLater
    transport.connected = True
    channel.makeConnection(transport)
    return channel, transport


def trickle(channel: Any, clock: Clock, data: bytes) -> None:
    """Send a byte a second."""
    for at in range(len(data)):
        channel.dataReceived(data[at : at + 1])
        clock.advance(1)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", b"G"])
def test_a_connection_without_a_request_is_closed(
    clock: Clock, uid: list[Any], sent: bytes
) -> None:
    channel, transport = connected(clock)
    channel.dataReceived(sent)
    clock.advance(HEADERS_S - 1)
    assert not transport.disconnecting
    clock.advance(2)
    assert transport.disconnecting


def test_headers_that_arrive_byte_by_byte_have_the_same_time(clock: Clock, uid: list[Any]) -> None:
    channel, transport = connected(clock)
    trickle(channel, clock, b"GET / HTTP/1.1\r\nX: ".ljust(HEADERS_S + 1, b"x"))
    assert transport.disconnecting


class Received:
    """A request whose body arrives."""

    def __init__(self, *_: object) -> None:
        self.requestHeaders = Headers()

    def gotLength(self, length: int) -> None:  # noqa: N802 - Twisted's name
        """Do nothing."""

    def parseCookies(self) -> None:  # noqa: N802 - Twisted's name
        """Do nothing."""

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """Do nothing."""


def test_a_body_that_keeps_arriving_may_take_longer(clock: Clock, uid: list[Any]) -> None:
    channel, transport = connected(clock)
    channel.requestFactory = Received
    channel.dataReceived(REQUEST)
    trickle(channel, clock, b"x" * 100)
    assert not transport.disconnecting
    clock.advance(HEADERS_S + 1)
    assert transport.disconnecting


@pytest.mark.parametrize("other", [None, -1])
def test_other_users_have_a_limited_number_of_connections(
    clock: Clock, uid: list[Any], other: int | None
) -> None:
    own = [connected(clock)[1] for _ in range(2)]
    uid[0] = other
    others = [connected(clock)[1] for _ in range(MOST_OF_OTHERS + 5)]
    assert [transport.aborted for transport in others].count(True) == 5
    others[0].connected = False
    assert not connected(clock)[1].aborted
    uid[0] = os.geteuid()
    own += [connected(clock)[1] for _ in range(MOST_OF_OTHERS)]
    assert not any(transport.aborted for transport in own)
