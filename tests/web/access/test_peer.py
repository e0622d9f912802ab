"""Who is at the other end of a connection: real sockets, real users."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.web.access.peer import Endpoint, own_uid, uid_of_peer
from tests.other_user import OTHER_UID, connection, needs_root

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")


@pytest.fixture(params=["127.0.0.1", "::1"])
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A listener of loopback."""
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    with socket.create_server((request.param, 0), family=family) as made:
        yield made


def uid_of(client: socket.socket, accepted: socket.socket) -> int | None:
    return uid_of_peer(endpoint(client), endpoint(accepted))


def endpoint(connected: socket.socket) -> Endpoint:
    host, port = connected.getsockname()[:2]
    return host.removeprefix("::ffff:"), port


def test_an_own_connection_is_of_the_own_user(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    with connection(port, host, own=True) as client, listener.accept()[0] as accepted:
        assert uid_of(client, accepted) == os.geteuid()
        client.shutdown(socket.SHUT_WR)  # as clients do that send no more and read the response
        assert uid_of(client, accepted) == os.geteuid()


@needs_root
def test_a_connection_of_another_user_is_theirs(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    with connection(port, host) as client, listener.accept()[0] as accepted:
        assert uid_of(client, accepted) == OTHER_UID


def test_an_ipv6_socket_that_uses_ipv4_is_found() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(("::ffff:127.0.0.1", listener.getsockname()[1])) as client,
        listener.accept()[0] as accepted,
    ):
        assert client.family == socket.AF_INET6
        assert uid_of(client, accepted) == os.geteuid()


@pytest.mark.parametrize("linger", [b"\0" * 8, b"\1\0\0\0\0\0\0\0"], ids=["ended", "reset"])
def test_of_a_connection_that_was_closed_the_kernel_cannot_tell(
    listener: socket.socket, linger: bytes
) -> None:
    """Most kernels list an ended one as root's."""
    host, port = listener.getsockname()[:2]
    client = connection(port, host, own=True)
    with listener.accept()[0] as accepted:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        ends = endpoint(client), endpoint(accepted)
        client.close()
        assert uid_of_peer(*ends) is None


def test_a_socket_that_listens_on_the_port_is_not_the_peer(listener: socket.socket) -> None:
    host, port = listener.getsockname()[:2]
    assert uid_of_peer((host, port), (host, 1)) is None


def test_without_the_kernels_help_nothing_is_known(
    listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, port = listener.getsockname()[:2]
    with connection(port, host, own=True) as client, listener.accept()[0] as accepted:
        monkeypatch.setattr(sys, "platform", "darwin")
        assert uid_of(client, accepted) is None


def test_a_number_that_stands_for_many_users_is_nobodys_own(tmp_path: Path) -> None:
    file = tmp_path / "overflowuid"
    file.write_text(f"{os.geteuid()}\n")
    assert own_uid(file) is None
    assert own_uid(tmp_path / "missing") == os.geteuid()
