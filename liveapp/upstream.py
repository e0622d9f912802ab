"""The slow external API: answers /todos/N as jsonplaceholder does, as slowly as it is told.

    python -m liveapp.upstream --port 8900 --latency 0.2

How slow it is, the command line says, and each request may say otherwise for itself:

    /todos/1?latency=0.2       seconds until it answers
             &jitter=0.1       up to so many seconds more, drawn for each request
             &error_rate=0.05  this share of the requests is answered 500, as slowly as the others
             &capacity=8       at most so many at once among the requests that name this number;
                               the others wait in their order (0: all at once)

What is drawn comes from --seed, in the order in which requests arrive. /state says how
things stand. It listens on loopback alone, and keeps each connection until its client closes
it: one that was closed at the wrong moment would be an error in somebody's measurement.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import signal
from argparse import ArgumentParser, Namespace
from collections import deque
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
MAX_HEAD_BYTES = 65_536  # besides the piece that it begins in
MAX_AHEAD = 16  # requests that a connection may send before they are answered


@dataclass(frozen=True)
class Request:
    """One request, as far as it matters here."""

    method: str
    target: str
    kept: bool  # whether its connection stays open afterwards


class Connection(asyncio.Protocol):
    """One connection. Its requests are answered one after the other, in their order."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: Any = None
        self._target = b""
        self._head_bytes: int | None = 0  # of the request that is being read; None: in its body
        self._ahead: deque[Request] = deque()
        self._busy = False  # one of them is being answered
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
        """Called by the loop: the client does not read what it is answered."""
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
            pass  # the request itself has been read; nothing else is spoken here
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
        """Called by the parser. A body has been read and is not looked at."""
        self._head_bytes = 0
        method = self._parser.get_method().decode()
        kept = self._parser.should_keep_alive() and not self._parser.should_upgrade()
        self._ahead.append(Request(method, self._target.decode("latin1"), kept))
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
        found = re.fullmatch("/todos/([0-9]{1,9})", path)
        if request.method not in ("GET", "HEAD"):
            self._answer(request, HTTPStatus.METHOD_NOT_ALLOWED, {})
        elif path == "/state":
            self._answer(request, HTTPStatus.OK, self._api.state())
        elif found and 1 <= int(found[1]) <= TODOS:
            self._work = self._api.begin(query, partial(self._worked, request, int(found[1])))
        else:
            self._answer(request, HTTPStatus.NOT_FOUND, {})

    def _worked(self, request: Request, number: int, failed: bool) -> None:
        self._work = None
        if failed:
            content = {"message": "this failed because it was told to"}
            self._answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, content)
        else:
            self._answer(request, HTTPStatus.OK, todo(number))
        self._next()

    def _answer(self, request: Request, status: HTTPStatus, content: dict[str, Any]) -> None:
        self._busy = False
        self._api.answered += 1
        self._transport.write(encoded(request, status, content))
        if not request.kept:
            self._ahead.clear()
            self._transport.close()

    def _refuse(self, status: HTTPStatus) -> None:
        self._ahead.clear()
        if not self._busy and not self._transport.is_closing():  # else it would be out of turn
            self._transport.write(encoded(Request("GET", "", kept=False), status, {}))
        self._transport.close()


def split_target(target: str) -> tuple[str, str]:
    """The path and the query of a request's target. Raises BadQuery."""
    try:
        parts = urlsplit(target)
    except ValueError as error:
        raise BadQuery("path", f"expected a path, found {target!r}") from error
    return parts.path, parts.query


def encoded(request: Request, status: HTTPStatus, content: dict[str, Any]) -> bytes:
    """The response's bytes: JSON, two spaces deep."""
    body = json.dumps(content, indent=2).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Content-Type: application/json; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\n"
        f"Connection: {'keep-alive' if request.kept else 'close'}\r\n\r\n"
    )
    return head.encode() + (b"" if request.method == "HEAD" else body)


async def serve(api: Api, port: int) -> None:
    """Answer on this port of loopback until the process is told to end."""
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    server = await loop.create_server(partial(Connection, api), HOST, port, backlog=BACKLOG)
    print(f"http://{HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await told_to_end.wait()
    server.close()


def allow_connections() -> None:
    """Raise this process's own limit of descriptors as far as it may."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def arguments(given: list[str] | None = None) -> Namespace:
    """What the command line says."""
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
