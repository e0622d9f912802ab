"""The slow external API: serves /todos/N like jsonplaceholder, after a delay.

    python -m liveapp.upstream --port 8900 --latency 0.2

The command line sets the defaults, which each request may override:

    /todos/1?latency=0.2       seconds until the response
             &jitter=0.1       up to this many seconds more, drawn for each request
             &error_rate=0.05  the share of requests that fail with 500, after the same delay
             &capacity=8       at most this many at once among the requests with this number;
                               the others wait in order (0: all at once)

Random values are drawn from --seed, in the order in which requests arrive. /state has the current
counts. It listens on loopback alone, and keeps each connection until its client closes it, since
a connection closed at the wrong moment would be an error in a measurement.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import signal
from argparse import ArgumentParser, Namespace
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop

from .slow_api import LIMITS, TODOS, Api, BadQuery, Behaviour, Work, limited, todo

HOST = "127.0.0.1"
PORT = 8900
BACKLOG = 4096
MAX_HEAD_BYTES = 65_536  # without the piece that it begins in
MAX_AHEAD = 16  # requests that a connection may send before they are answered


@dataclass(frozen=True)
class Request:
    """The relevant parts of one request."""

    method: str
    target: str
    keep_alive: bool  # whether its connection stays open


class Connection(asyncio.Protocol):
    """One connection, whose requests are handled one at a time, in order."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._target = b""
        self._head_bytes: int | None = 0  # of the request that is being read; None: in its body
        self._ahead: deque[Request] = deque()
        self._busy = False  # a request is being handled
        self._work: Work | None = None
        self._writable = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = transport
        self._api.opened += 1
        self._api.connections += 1

    def connection_lost(self, error: Exception | None) -> None:
        """Called by the loop."""
        self._api.connections -= 1
        self._ahead.clear()
        if self._work is not None:
            self._work.give_up()

    def pause_writing(self) -> None:
        """Called by the loop: the client does not read its responses."""
        self._writable = False

    def resume_writing(self) -> None:
        """Called by the loop."""
        self._writable = True
        self._next()

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        if self._head_bytes is not None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # the request itself has been read; upgrades are ignored
        except httptools.HttpParserError:
            self._refuse(HTTPStatus.BAD_REQUEST)
            return
        if (self._head_bytes or 0) > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        elif len(self._ahead) > MAX_AHEAD:
            self._transport.pause_reading()

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._target, self._head_bytes = b"", 0

    def on_url(self, part: bytes) -> None:
        """Called by the parser, perhaps in several parts."""
        self._target += part

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._head_bytes = None

    def on_message_complete(self) -> None:
        """Called by the parser. The body has been read, and is ignored."""
        self._head_bytes = 0
        method = self._parser.get_method().decode()
        keep_alive = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._ahead.append(Request(method, self._target.decode("latin1"), keep_alive))
        self._next()

    def _next(self) -> None:
        while self._ahead and self._writable and not self._busy:
            request = self._ahead.popleft()
            if len(self._ahead) == MAX_AHEAD:
                self._transport.resume_reading()
            self._busy = True
            try:
                self._take(request)
            except BadQuery as error:
                content = {"field": error.field, "message": str(error)}
                self._answer(request, HTTPStatus.BAD_REQUEST, content)

    def _take(self, request: Request) -> None:
        path, query = split_target(request.target)
        match = re.fullmatch("/todos/([0-9]{1,9})", path)
        if request.method not in ("GET", "HEAD"):
            self._answer(request, HTTPStatus.METHOD_NOT_ALLOWED, {})
        elif path == "/state":
            self._answer(request, HTTPStatus.OK, self._api.state())
        elif match and 1 <= int(match[1]) <= TODOS:
            self._work = self._api.begin(query, partial(self._worked, request, int(match[1])))
        else:
            self._answer(request, HTTPStatus.NOT_FOUND, {})

    def _worked(self, request: Request, number: int, failed: bool) -> None:
        self._work = None
        if failed:
            content = {"message": "this failed on request"}
            self._answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, content)
        else:
            self._answer(request, HTTPStatus.OK, todo(number))
        self._next()

    def _answer(self, request: Request, status: HTTPStatus, content: Mapping[str, object]) -> None:
        self._busy = False
        self._api.answered += 1
        self._transport.write(encoded(request, status, content))
        if not request.keep_alive:
            self._ahead.clear()
            self._transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        self._ahead.clear()
        if (
            not self._busy and not self._transport.is_closing()
        ):  # otherwise it would be out of order
            self._transport.write(encoded(Request("GET", "", keep_alive=False), status, {}))
        self._transport.close()


def split_target(target: str) -> tuple[str, str]:
    """Return path and query of a request's target; raises BadQuery."""
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise BadQuery("path", f"expected a path, found {target!r}") from error
    return parts.path, parts.query


def encoded(request: Request, status: HTTPStatus, content: Mapping[str, object]) -> bytes:
    """Return the response's bytes: JSON, indented by two spaces."""
    body = json.dumps(content, indent=2).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if request.keep_alive else 'close'}\r\n\r\n"
    )
    return head.encode() + (b"" if request.method == "HEAD" else body)


async def serve(api: Api, port: int) -> None:
    """Serve on this loopback port until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(partial(Connection, api), HOST, port, backlog=BACKLOG)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await ended.wait()
    server.close()


def allow_connections() -> None:
    """Raise this process's descriptor limit to the maximum."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def arguments(given: list[str] | None = None) -> Namespace:
    """Parse the command line."""
    parser = ArgumentParser(prog="python -m liveapp.upstream", description="A slow external API.")
    parser.add_argument("--port", type=int, default=PORT, help="0: any that is free")
    for name in LIMITS:
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=partial(limited, name), default=0)
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(given)


def main() -> None:
    """Serve until ended."""
    given = arguments()
    allow_connections()
    behaviour = Behaviour(given.latency, given.jitter, given.error_rate, given.capacity)
    uvloop.run(serve(Api(behaviour, given.seed), given.port))


if __name__ == "__main__":
    main()
