"""A server with a planted delay in each segment, which reports the true instants like the probe.

    python -m tests.engine.servers.planted
        [--accept S --before S --middleware S --view S --body S]

prints its port on a line and serves one connection after another, one request each, until it is
terminated. It runs no Django: `sleep` takes the place of each segment.
"""

from __future__ import annotations

import os
import select
import socket
from argparse import ArgumentParser, Namespace
from time import monotonic_ns, sleep

PLACES = ("accept", "before", "middleware", "view", "body")
END_OF_REQUEST = b"\r\n\r\n"
RESPONSE = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\nliveburst: {}\r\n\r\no"


def serve(listening: socket.socket, delays: Namespace) -> None:
    """Serve one connection, once it is in the backlog."""
    select.select([listening], [], [])
    sleep(delays.accept)
    connection, _ = listening.accept()
    # The first part of a body must not wait for an acknowledgement.
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection:
        head = b""
        while not head.endswith(END_OF_REQUEST):
            data = connection.recv(65536)
            if not data:
                return
            head += data
        sleep(delays.before)
        entered = monotonic_ns()
        sleep(delays.middleware)
        view_entered = monotonic_ns()
        sleep(delays.view)
        stamps = (entered, view_entered, monotonic_ns(), os.getpid())
        connection.sendall(RESPONSE.format(" ".join(map(str, stamps))).encode())
        sleep(delays.body)
        connection.sendall(b"k")


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.engine.servers.planted", description=__doc__)
    for place in PLACES:
        parser.add_argument(f"--{place}", type=float, default=0.0, metavar="S")
    delays = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        while True:
            serve(listening, delays)


if __name__ == "__main__":
    main()
