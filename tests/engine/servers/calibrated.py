"""A target whose numbers are all known in advance, in a process of its own.

    python -m tests.engine.servers.calibrated asyncio|threads --slots K --time S
        [--stall-after S --stall S]

prints its port on a line and serves until it is terminated: K requests at a time, each for S
seconds; the others wait in order. So N requests at once take ⌈N / K⌉ · S. With `--stall` the
server stalls once for S seconds, `--stall-after` seconds after the first connection.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n%s\r\nok"
END_OF_REQUEST = b"\r\n\r\n"
BACKLOG = 2048
POLLED_S = 0.002  # asyncio's timers have whole milliseconds


class Slots:
    """K slots under asyncio."""

    def __init__(self, slots: int, time_s: float) -> None:
        self.free, self.time_s = slots, time_s
        self.waiting: deque[Peer] = deque()
        self.loop = asyncio.get_running_loop()

    def take(self, peer: Peer) -> None:
        """Queue a request."""
        self.waiting.append(peer)
        self._serve()

    def _serve(self) -> None:
        if self.free and self.waiting:
            self.free -= 1
            until_s = time.monotonic() + self.time_s
            sleep_s = max(self.time_s - POLLED_S, 0)
            self.loop.call_later(sleep_s, self._respond, self.waiting.popleft(), until_s)

    def _respond(self, peer: Peer, until_s: float) -> None:
        if time.monotonic() < until_s:
            self.loop.call_soon(self._respond, peer, until_s)
            return
        peer.transport.write(RESPONSE % b"")
        self.free += 1
        self._serve()


class Peer(asyncio.Protocol):
    """One connection, kept alive."""

    transport: asyncio.WriteTransport

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self.head += data
        if self.head.endswith(END_OF_REQUEST):
            self.head = b""
            self.slots.take(self)


async def serve_asyncio(
    listening: socket.socket, count: int, time_s: float, stall: tuple[float, float]
) -> None:
    """Serve in one event loop, which a stall blocks as a blocking view would."""
    slots = Slots(count, time_s)
    stall_after_s, stall_s = stall
    stalls = [stall_s] if stall_s else []

    def accepted() -> Peer:
        if stalls:
            slots.loop.call_later(stall_after_s, time.sleep, stalls.pop())
        return Peer(slots)

    server = await slots.loop.create_server(accepted, sock=listening, backlog=BACKLOG)
    await server.serve_forever()


def serve_threads(listening: socket.socket, time_s: float) -> None:
    """Serve in one of K threads: a connection, a request, a response, and the next."""
    while True:
        connection, _ = listening.accept()
        with connection:
            head = b""
            while not head.endswith(END_OF_REQUEST):
                data = connection.recv(65536)
                if not data:
                    break
                head += data
            else:
                time.sleep(time_s)
                connection.sendall(RESPONSE % b"Connection: close\r\n")


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.engine.servers.calibrated", description=__doc__)
    parser.add_argument("kind", choices=("asyncio", "threads"))
    parser.add_argument("--slots", type=int, required=True)
    parser.add_argument("--time", type=float, required=True)
    parser.add_argument("--stall-after", type=float, default=0.0)
    parser.add_argument("--stall", type=float, default=0.0)
    given = parser.parse_args()
    with socket.create_server(("127.0.0.1", 0), backlog=BACKLOG) as listening:
        print(listening.getsockname()[1], flush=True)
        if given.kind == "asyncio":
            stall = (given.stall_after, given.stall)
            asyncio.run(serve_asyncio(listening, given.slots, given.time, stall))
        else:
            arguments = (listening, given.time)
            for _ in range(given.slots):
                threading.Thread(target=serve_threads, args=arguments, daemon=True).start()
            threading.Event().wait()


@contextmanager
def child(module: str, *arguments: object, cores: Iterable[int] | None = None) -> Iterator[int]:
    """Yield the port of a server of this package that runs, on these cores, during the block."""
    here = os.sched_getaffinity(0)
    os.sched_setaffinity(0, here if cores is None else cores)  # children inherit it
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.engine.servers.{module}", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.sched_setaffinity(0, here)
    try:
        assert process.stdout
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    main()
