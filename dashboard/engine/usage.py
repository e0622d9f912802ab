"""The engine's command line: read, checked, and refused with the option and what was expected."""

from __future__ import annotations

import socket
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.wire.plan import MAX_CONCURRENCY, MAX_RUN_REQUESTS, MAX_TIMEOUT_S, Burst, Firing

EXPECTED_URL = "expected http://HOST[:PORT][/PATH]"


@dataclass(frozen=True)
class Options:
    """What was asked for: a firing, and where its numbers go (`-`: stdout, None: as text)."""

    firing: Firing
    json: str | None


@dataclass(frozen=True)
class Address:
    """A URL taken apart. `host` is a loopback address, `name` what the URL calls it."""

    host: str
    port: int
    path: str
    name: str


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; bad usage ends the process with status 2 and a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    requests, most = given.requests, min(given.requests, MAX_CONCURRENCY)
    concurrency = most if given.concurrency is None else given.concurrency
    if not 1 <= requests <= MAX_RUN_REQUESTS:
        parser.error(f"argument -n: expected 1 to {MAX_RUN_REQUESTS}, found {requests}")
    if not 1 <= concurrency <= most:
        parser.error(f"argument -c: expected 1 to {most} (at most -n), found {concurrency}")
    if not 0 < given.timeout <= MAX_TIMEOUT_S:
        parser.error(
            f"argument --timeout: expected above 0 to {MAX_TIMEOUT_S:g} s, found {given.timeout:g}"
        )
    firing = Firing(
        lane=0,
        round=1,
        host=given.url.host,
        port=given.url.port,
        path=given.url.path,
        load=Burst(requests, concurrency),
        timeout_s=given.timeout,
        headers=(("Host", given.url.name),),
    )
    return Options(firing, given.json)


def _parser() -> ArgumentParser:
    made = ArgumentParser(
        prog="python -m dashboard.engine",
        description="Fire one burst at a URL of this machine and print its numbers.",
        epilog="Without any option it is the dashboard's child: it reads firings on stdin.",
    )
    made.add_argument("--url", type=_address, required=True, help="http://127.0.0.1:8000/path")
    made.add_argument("-n", type=int, default=100, dest="requests", help="requests in all")
    made.add_argument(
        "-c", type=int, dest="concurrency", help="at most so many in flight (default: -n)"
    )
    made.add_argument("--timeout", type=float, default=30.0, help="seconds for each request")
    made.add_argument(
        "--json", type=_writable, metavar="FILE|-", help="write one JSON object; - is stdout"
    )
    return made


def _writable(text: str) -> str:
    """Refuse a file that cannot be written before anything is fired."""
    try:
        if text != "-":
            Path(text).open("a").close()
    except OSError as error:
        raise ArgumentTypeError(f"expected - or a file that can be written ({error})") from None
    return text


def _address(text: str) -> Address:
    """Take a URL apart; raises ArgumentTypeError where the engine may not fire at it."""
    try:
        url = urlsplit(text)
        port = 80 if url.port is None else url.port
    except ValueError as error:
        raise ArgumentTypeError(f"{EXPECTED_URL}, found {text!r} ({error})") from None
    printable = text.isascii() and text.isprintable() and " " not in text
    if url.scheme != "http" or not url.hostname or not port or not printable:
        raise ArgumentTypeError(f"{EXPECTED_URL}, found {text!r}")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Address(_loopback(url.hostname, port), port, path, url.netloc.rpartition("@")[2])


def _loopback(name: str, port: int) -> str:
    """The address of a host; only this machine may be put under load from here."""
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ArgumentTypeError(
            f"expected a host that is known, found {name!r} ({error})"
        ) from None
    # IPv4 first: that is where a development server listens when it says "localhost".
    addresses = sorted({str(entry[4][0]) for entry in found}, key=lambda text: ":" in text)
    if not all(ip_address(address).is_loopback for address in addresses):
        raise ArgumentTypeError(f"expected an address of this machine (loopback), found {name!r}")
    return addresses[0]
