"""The engine's command line: read, checked, and refused with the option and what was expected."""

from __future__ import annotations

import socket
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from dashboard.engine.clients import CLIENTS
from dashboard.engine.runtime.descriptors import too_few_for
from dashboard.wire.plan import (
    ENGINE,
    MAX_CONCURRENCY,
    MAX_RUN_REQUESTS,
    MAX_SEED,
    MAX_TIMEOUT_S,
    Burst,
    Firing,
    Load,
    Rate,
)

from .mode_options import add_ways, read_manner

BURST = 100  # requests, where nothing is said
EXPECTED_URL = "expected http[s]://HOST[:PORT][/PATH]"
PORTS = {"http": 80, "https": 443}
# The field of a load, and how the command line calls it.
OPTIONS = {
    "requests": "-n",
    "concurrency": "-c",
    "rate": "--rate",
    "duration": "--duration",
    "send_kb_per_s": "--send-kb-per-s",
    "every": "--every",
}


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
    tls: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Read the command line; bad usage ends the process with status 2 and a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    load, manner = _load(parser, given), read_manner(parser, given)
    if not 0 < given.timeout <= MAX_TIMEOUT_S:
        parser.error(
            f"argument --timeout: expected above 0 to {MAX_TIMEOUT_S:g} s, found {given.timeout:g}"
        )
    if not 0 <= given.seed <= MAX_SEED:
        parser.error(f"argument --seed: expected 0 to {MAX_SEED}, found {given.seed}")
    firing = Firing(
        lane=0,
        round=1,
        host=given.url.host,
        port=given.url.port,
        path=given.url.path,
        load=load,
        timeout_s=given.timeout,
        method="POST" if manner.upload else "GET",
        headers=(("Host", given.url.name),),
        seed=given.seed,
        keep_alive=given.keep_alive,
        tls=given.url.tls,
        client=given.client,
        neighbour=given.neighbour,
        manner=manner,
    )
    return Options(firing, given.json)


def _load(parser: ArgumentParser, given: Namespace) -> Load:
    """The load that was asked for, with every option that does not go with it refused."""
    _refuse_what_does_not_go_together(parser, given)
    load: Load
    if given.rate is None:
        requests = BURST if given.requests is None else given.requests
        most = min(requests, MAX_CONCURRENCY)
        at_once = most if given.concurrency is None else given.concurrency
        load = Burst(requests, at_once, given.send_kb_per_s, given.every or 0.0)
    else:
        most = MAX_CONCURRENCY if given.concurrency is None else given.concurrency
        load = Rate(given.rate, given.duration, given.poisson, most, given.send_kb_per_s)
    for problem in load.problems(MAX_RUN_REQUESTS):
        parser.error(f"argument {OPTIONS[problem.field]}: {problem.message}")
    # A rate uses as many connections as it takes; only who names a number has asked for them.
    if given.rate is None or given.concurrency is not None:
        complaint = too_few_for(load.concurrency)
        if complaint:
            parser.error(f"argument -c: {complaint}")
    return load


def _refuse_what_does_not_go_together(parser: ArgumentParser, given: Namespace) -> None:
    if given.rate is None:
        if given.duration is not None or given.poisson:
            name = "--poisson" if given.duration is None else "--duration"
            parser.error(f"argument {name}: expected --rate beside it")
    elif given.requests is not None:
        parser.error("argument -n: expected no --rate beside it, for a rate has a --duration")
    elif given.duration is None:
        parser.error("argument --rate: expected --duration beside it")


def _parser() -> ArgumentParser:
    made = ArgumentParser(
        prog="python -m dashboard.engine",
        description="Fire one burst, or one rate, at a URL of this machine and print its numbers.",
        epilog="Without any option it is the dashboard's child: it reads firings on stdin.",
    )
    add = made.add_argument
    add("--url", type=_address, required=True, help="http://127.0.0.1:8000/path")
    add("-n", type=int, dest="requests", help=f"a burst of so many requests (default: {BURST})")
    add("-c", type=int, dest="concurrency", help="at most so many in flight (-n; rate: any)")
    add("--rate", type=float, metavar="R", help="instead of a burst, R requests a second")
    add("--duration", type=float, metavar="T", help="for T seconds")
    add("--poisson", action="store_true", help="at random instants, not at even distances")
    add("--seed", type=int, default=0, help="what the random instants are drawn from")
    add("--client", choices=(ENGINE, *CLIENTS), default=ENGINE, help="who fires")
    add("--no-keep-alive", action="store_false", dest="keep_alive", help="connect each time")
    add("--timeout", type=float, default=30.0, help="seconds for each request")
    add_ways(made)
    add("--json", type=_writable, metavar="FILE|-", help="write one JSON object; - is stdout")
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
        port = PORTS.get(url.scheme, 0) if url.port is None else url.port
    except ValueError as error:
        raise ArgumentTypeError(f"{EXPECTED_URL}, found {text!r} ({error})") from None
    printable = text.isascii() and text.isprintable() and " " not in text
    if url.scheme not in PORTS or not url.hostname or not port or not printable:
        raise ArgumentTypeError(f"{EXPECTED_URL}, found {text!r}")
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    name = url.netloc.rpartition("@")[2]
    return Address(_loopback(url.hostname, port), port, path, name, url.scheme == "https")


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
