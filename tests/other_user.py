"""Connections of another user: only root can make them, so elsewhere their tests are skipped."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

OTHER_UID = 65_534
needs_root = pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="only root can become another user"
)
PATIENCE_S = 20


@contextmanager
def as_another_user() -> Iterator[None]:
    """Within this context, sockets that are made belong to another user."""
    os.seteuid(OTHER_UID)
    try:
        yield
    finally:
        os.seteuid(0)


def connection(port: int, host: str = "127.0.0.1", *, own: bool = False) -> socket.socket:
    """Return a connection of another user, or of this one."""
    if own:
        return socket.create_connection((host, port), PATIENCE_S)
    with as_another_user():
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    made.settimeout(PATIENCE_S)
    try:
        made.connect((host, port))
    except OSError:
        made.close()
        raise
    return made


@contextmanager
def forwarded(port: int) -> Iterator[int]:
    """Forward connections from a port to this one, as another user; gives the first port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):  # it is closed at the end
            while True:
                client, _ = listener.accept()
                upstream = connection(port)
                for ends in ((client, upstream), (upstream, client)):
                    threading.Thread(target=_pump, args=ends, daemon=True).start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    acceptor.join(PATIENCE_S)
    listener.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
