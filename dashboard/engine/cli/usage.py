"""The load generator's command line: an error names the option and what was expected."""

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
from dashboard.wire.errors import Problem
from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.plan import (
    ENGINE,
    MAX_CONCURRENCY,
    MAX_RUN_REQUESTS,
    Burst,
    Firing,
    Load,
    Rate,
)

from .mode_options import add_mode_options, read_request_mode

DEFAULT_REQUESTS = 100
EXPECTED_URL = "expected http[s]://HOST[:PORT][/PATH]"
PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Options:
    """A firing, and where its result goes as JSON (`-`: stdout; None: as text to stdout)."""

    firing: Firing
    json: str | None


@dataclass(frozen=True)
class Address:
    """The parts of a URL. `host` is a loopback address, `name` the Host header."""

    host: str
    port: int
    path: str
    name: str
    tls: bool


def read_options(arguments: Sequence[str]) -> Options:
    """Return the options; bad usage ends the process with status 2 and a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    load, mode = _load(parser, given), read_request_mode(parser, given)
    for name, value in {"timeout": given.timeout, "seed": given.seed}.items():
        if problem := PLAN_FIELDS[name].problem(value):
            _refuse(parser, problem)
    firing = Firing(
        lane=0,
        round=1,
        host=given.url.host,
        port=given.url.port,
        path=given.url.path,
        load=load,
        timeout_s=given.timeout,
        method="POST" if mode.upload else "GET",
        headers=(("Host", given.url.name),),
        seed=given.seed,
        keep_alive=given.keep_alive,
        tls=given.url.tls,
        client=given.client,
        bystander_path=given.neighbour,
        request_mode=mode,
    )
    return Options(firing, given.json)


def _load(parser: ArgumentParser, given: Namespace) -> Load:
    """Return the load; refuse options that cannot be combined with it."""
    _refuse_combinations(parser, given)
    load: Load
    if given.rate is None:
        requests = DEFAULT_REQUESTS if given.requests is None else given.requests
        concurrency = given.concurrency
        if concurrency is None:
            concurrency = min(requests, MAX_CONCURRENCY)
        load = Burst(requests, concurrency, given.send_kb_per_s, given.every or 0.0)
    else:
        concurrency = MAX_CONCURRENCY if given.concurrency is None else given.concurrency
        load = Rate(given.rate, given.duration, given.poisson, concurrency, given.send_kb_per_s)
    for problem in load.problems(MAX_RUN_REQUESTS):
        _refuse(parser, problem)
    # A rate uses only as many connections as it needs, unless -c is given.
    if given.rate is None or given.concurrency is not None:
        error = too_few_for(load.concurrency)
        if error:
            parser.error(f"argument -c: {error}")
    return load


def _refuse(parser: ArgumentParser, problem: Problem) -> None:
    parser.error(f"argument {PLAN_FIELDS[problem.field].option}: {problem.message}")


def _refuse_combinations(parser: ArgumentParser, given: Namespace) -> None:
    if given.rate is None:
        if given.duration is not None or given.poisson:
            name = "--poisson" if given.duration is None else "--duration"
            parser.error(f"argument {name}: needs --rate")
    elif given.requests is not None:
        parser.error("argument -n: cannot be combined with --rate, which needs --duration")
    elif given.duration is None:
        parser.error("argument --rate: needs --duration")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m dashboard.engine",
        description="Fire one burst or one rate at a URL of this machine and print the result.",
        epilog="Without options, between two pipes, it is a child that reads firings on stdin.",
    )
    add = parser.add_argument
    add("--url", type=_address, required=True, help="http://127.0.0.1:8000/path")
    number = PLAN_FIELDS
    number["requests"].add_option(parser, help=f"requests of a burst (default: {DEFAULT_REQUESTS})")
    number["concurrency"].add_option(parser, help="requests in flight (burst: -n; rate: any)")
    number["rate"].add_option(
        parser, metavar="R", help="fire R requests per second instead of a burst"
    )
    number["duration"].add_option(parser, metavar="T")
    add("--poisson", action="store_true", help="Poisson arrivals instead of constant intervals")
    number["seed"].add_option(parser, default=0, help="seed of Poisson arrivals")
    add("--client", choices=(ENGINE, *CLIENTS), default=ENGINE, help="what sends the requests")
    add("--no-keep-alive", action="store_false", dest="keep_alive", help="connect each time")
    number["timeout"].add_option(parser)
    add_mode_options(parser)
    add("--json", type=_writable, metavar="FILE|-", help="write the result as JSON; - is stdout")
    return parser


def _writable(text: str) -> str:
    """Return the file name; refuse it before the firing if it cannot be written."""
    try:
        if text != "-":
            Path(text).open("a").close()
    except OSError as error:
        raise ArgumentTypeError(f"expected - or a writable file ({error})") from None
    return text


def _address(text: str) -> Address:
    """Parse a URL; raise ArgumentTypeError if it is not one of this machine."""
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
    """Return a loopback address of a host; raise ArgumentTypeError if it has any other."""
    try:
        entries = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise ArgumentTypeError(f"expected a known host, found {name!r} ({error})") from None
    # IPv4 first: a development server on "localhost" listens there.
    addresses = sorted({str(entry[4][0]) for entry in entries}, key=lambda text: ":" in text)
    if not all(ip_address(address).is_loopback for address in addresses):
        raise ArgumentTypeError(f"expected an address of this machine (loopback), found {name!r}")
    return addresses[0]
