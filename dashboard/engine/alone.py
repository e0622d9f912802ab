"""The engine by itself: one firing at one URL from the command line, and its numbers."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
from argparse import ArgumentParser, Namespace
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

import uvloop

from dashboard.wire.plan import MAX_CONCURRENCY, MAX_RUN_REQUESTS, MAX_TIMEOUT_S, Burst, Firing

from . import burst
from .summary import summarise

INTERRUPTED = 130
MAX_PORT = 65_535


def parser() -> ArgumentParser:
    """The options of the command line; without --url the engine is a child."""
    made = ArgumentParser(prog="python -m dashboard.engine", description=__doc__)
    made.add_argument("--url", help="http://127.0.0.1:8000/path")
    made.add_argument("-n", type=int, default=100, dest="requests", help="requests in all")
    made.add_argument("-c", type=int, dest="concurrency", help="at most so many in flight")
    made.add_argument("--timeout", type=float, default=30.0, help="seconds for each request")
    made.add_argument("--json", metavar="FILE|-", help="write one JSON object")
    return made


def fire_alone(made: ArgumentParser, options: Namespace) -> int:
    """Fire as the options say and print; returns the exit status."""
    firing = _firing(made, options)
    result, stopped = uvloop.run(_fire(firing))
    if options.json == "-":
        print(json.dumps(result))
    elif options.json:
        Path(options.json).write_text(json.dumps(result) + "\n")
    else:
        print(_text(result))
    return INTERRUPTED if stopped else 0


def _firing(made: ArgumentParser, options: Namespace) -> Firing:
    """Check what was asked for; a refusal names the option and ends with status 2."""
    requests = options.requests
    concurrency = (
        min(requests, MAX_CONCURRENCY) if options.concurrency is None else options.concurrency
    )
    if not 1 <= requests <= MAX_RUN_REQUESTS:
        made.error(f"-n: expected 1 to {MAX_RUN_REQUESTS}, found {requests}")
    if not 1 <= concurrency <= min(requests, MAX_CONCURRENCY):
        expected = f"1 to {min(requests, MAX_CONCURRENCY)} (no more than -n)"
        made.error(f"-c: expected {expected}, found {concurrency}")
    if not 0 < options.timeout <= MAX_TIMEOUT_S:
        made.error(f"--timeout: expected above 0, to {MAX_TIMEOUT_S:g} s, found {options.timeout}")
    url, host, port = _address(made, options.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    return Firing(
        lane=0,
        round=1,
        host=host,
        port=port,
        path=path,
        load=Burst(requests, concurrency),
        timeout_s=options.timeout,
    )


def _address(made: ArgumentParser, text: str) -> tuple[SplitResult, str, int]:
    """The URL, its host as a loopback address, and its port."""
    try:
        url = urlsplit(text)
        port = url.port or 80
    except ValueError as error:
        made.error(f"--url: expected http://HOST[:PORT]/PATH, found {text!r} ({error})")
    if url.scheme != "http" or not url.hostname or not text.isascii() or set(text) & set(" \r\n\t"):
        made.error(f"--url: expected http://HOST[:PORT]/PATH, found {text!r}")
    try:
        host = socket.getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)[0][4][0]
    except OSError as error:
        made.error(
            f"--url: expected a host that is known, found {url.hostname!r} ({error.strerror})"
        )
    if not ip_address(host).is_loopback:
        made.error(f"--url: expected an address of this machine (loopback), found {url.hostname!r}")
    return url, str(host), port


async def _fire(firing: Firing) -> tuple[dict[str, Any], bool]:
    one = burst.Burst(firing)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, one.stop)
    gc.disable()
    await one.fire()
    gc.enable()
    samples = one.recorder.samples
    return summarise(samples.columns, samples.rows), one.stopped


def _text(result: dict[str, Any]) -> str:
    latency = result["latency_ms"]
    known = ", ".join(f"{name} {value:.2f}" for name, value in latency.items() if value is not None)
    errors = ", ".join(f"{count} {name}" for name, count in result["errors"].items()) or "none"
    return (
        f"{result['ok']:,} of {result['requests']:,} ok in {result['makespan_s']:.3f} s\n"
        f"response time, ms: {known}\n"
        f"errors: {errors}"
    )
