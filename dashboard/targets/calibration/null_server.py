"""A server that does nothing but answer every request at once with the same few bytes.

The load generator's own floor and limit are measured against it, and those of other tools by the
bench. It reads just enough to find the end of a request, so that it is as far from being the
limit as a server in Python can be.

`python -m dashboard.targets.calibration.null_server` serves until it is ended: on `--fd`, an
inherited listening socket, or on `--port`, which it prints (0: any free one).
"""

from __future__ import annotations

import asyncio
import socket
from argparse import ArgumentParser

import uvloop

# ab uses HTTP/1.0, in which keep-alive must be named.
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
        """Keep the transport to answer on."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Answer once a request is complete."""
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
    address = parser.add_mutually_exclusive_group()
    address.add_argument("--fd", type=int, help="an inherited listening socket")
    address.add_argument("--port", type=int, default=0, help="0: any free port")
    options = parser.parse_args()
    if options.fd is not None:
        uvloop.run(serve(socket.socket(fileno=options.fd)))
        return
    listener = socket.create_server((HOST, options.port), backlog=BACKLOG)
    print(listener.getsockname()[1], flush=True)
    uvloop.run(serve(listener))


if __name__ == "__main__":
    main()
