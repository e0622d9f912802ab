"""Sockets that listen and never accept, and what fills them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

TURNED_AWAY = 6  # of those that fill a backlog of 1, which holds two


@contextmanager
def deaf(*, shared: int = 1, host: str = "127.0.0.1") -> Iterator[tuple[str, int]]:
    """Yield the address of a backlog of 1 without accepts; of several sockets if `shared`."""
    with ExitStack() as stack:
        port = 0
        for _ in range(shared):
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = stack.enter_context(socket.socket(family))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            listener.bind((host, port))
            listener.listen(1)
            port = listener.getsockname()[1]
        yield host, port


@contextmanager
def filled(address: tuple[str, int], clients: int = 2 + TURNED_AWAY) -> Iterator[None]:
    """So many connections at once to an address, begun and not waited for."""
    with ExitStack() as stack:
        for _ in range(clients):
            family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
            client = stack.enter_context(socket.socket(family))
            client.setblocking(False)
            client.connect_ex(address)
        yield
