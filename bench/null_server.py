"""A server that does nothing: answers every request at once with the same few bytes.

`python -m bench.null_server [--port P]` prints its port on a line and serves until it is
ended. It reads just enough to find where a request ends, so that it is as far as a server
in Python can be from being the limit.
"""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser

import uvloop

# ab speaks HTTP/1.0 and must be told that the connection stays.
ANSWER = (
    b"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
)
END_OF_REQUEST = b"\r\n\r\n"
BACKLOG = 2048


class Null(asyncio.Protocol):
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


async def serve(port: int) -> None:
    """Listen on loopback, print the port, and go on until ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Null, "127.0.0.1", port, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve on --port; 0 takes any that is free."""
    parser = ArgumentParser(prog="python -m bench.null_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
