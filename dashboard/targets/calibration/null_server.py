"""A server that does nothing: answers every request at once with the same few bytes.

The engine measures its own floor and limit against it, and the bench everybody else's. It
reads just enough to find where a request ends, so that it is as far as a server in Python can
be from being the limit.

`python -m dashboard.targets.calibration.null_server` serves until it is ended: on `--fd`, a
listening socket that it inherits, or on `--port`, which is printed on a line (0: any free one).
"""

from __future__ import annotations

import asyncio
import socket
from argparse import ArgumentParser

import uvloop

# ab speaks HTTP/1.0 and must be told that the connection stays.
ANSWER = (
    b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
)
END_OF_REQUEST = b"\r\n\r\n"
MODULE = "dashboard.targets.calibration.null_server"
HOST = "127.0.0.1"
BACKLOG = 2048


class NullProtocol(asyncio.Protocol):
    """One connection. Requests have no body and are not pipelined."""

    _transport: asyncio.WriteTransport

    def __init__(self) -> None:
        self._head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer as soon as a request is whole."""
        self._head += data
        if self._head.endswith(END_OF_REQUEST):
            self._head = b""
            self._transport.write(ANSWER)


async def serve(listener: socket.socket) -> None:
    """Answer on this socket until ended."""
    server = await asyncio.get_running_loop().create_server(
        NullProtocol, sock=listener, backlog=BACKLOG
    )
    await server.serve_forever()


def main() -> None:
    """Serve on the inherited socket or on a port."""
    parser = ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--fd", type=int, help="a listening socket that was inherited")
    where.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    if given.fd is not None:
        uvloop.run(serve(socket.socket(fileno=given.fd)))
        return
    listener = socket.create_server((HOST, given.port), backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    uvloop.run(serve(listener))


if __name__ == "__main__":
    main()
