"""The engine's command line for requests that are more than one write and one answer."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from dashboard.wire.exchange import (
    ANSWER,
    ANSWER_EXPECTED,
    ECHO,
    NUMBER,
    NUMBERS_BACK,
    Exchange,
)
from dashboard.wire.plan import ENGINE
from dashboard.wire.request_mode import MAX_UPLOAD_BYTES, PLAIN, Manner, Upload
from dashboard.wire.units import BYTES_PER_MB

MIN_POLL_MS, MAX_POLL_MS = 1.0, 60_000.0


def add_ways(parser: ArgumentParser) -> None:
    """The options; of those that say how a request is made there is at most one."""
    group = parser.add_argument_group("another way to ask, by the engine alone")
    way = group.add_mutually_exclusive_group()
    add = way.add_argument
    add("--upload", type=_upload, metavar="FIELD=MB", help="POST a file of so many MB in a form")
    add("--poll", type=_poll_ms, metavar="MS", help="ask for the result of a 202 every MS ms")
    add("--websocket", action="store_true", help="messages that come back, on -c connections")
    add("--chunks", action="store_true", help="watch in how many pieces answers come")
    group.add_argument(
        "--send-kb-per-s", type=float, metavar="KB", help="how quickly a client uploads"
    )
    group.add_argument(
        "--every", type=float, metavar="S", help="seconds between a websocket's messages"
    )
    group.add_argument("--open", action="append", default=[], help="said first on a websocket")
    group.add_argument("--message", help=f"said and timed on a websocket; {NUMBER} by default")
    group.add_argument("--answer", type=_answer, metavar="RULE", help=ANSWER_EXPECTED)
    group.add_argument("--neighbour", type=_path, metavar="PATH", help="20 requests/s beside it")


def read_manner(parser: ArgumentParser, given: Namespace) -> Manner:
    """The way that was asked for, with every option that does not go with it refused."""
    exchange = Exchange(tuple(given.open), given.message or NUMBER, given.answer or ECHO)
    manner = Manner(given.upload, given.poll, given.websocket, given.chunks, exchange=exchange)
    if given.send_kb_per_s is not None and manner.upload is None:
        parser.error("argument --send-kb-per-s: expected --upload beside it")
    if given.every is not None and not manner.websocket:
        parser.error("argument --every: expected --websocket beside it")
    if exchange != NUMBERS_BACK and not manner.websocket:
        parser.error("argument --open, --message, --answer: expected --websocket beside it")
    if manner.websocket and given.rate is not None:
        parser.error("argument --websocket: expected no --rate beside it, for it is held")
    if given.client != ENGINE and (manner != PLAIN or given.neighbour):
        parser.error(f"argument --client: expected {ENGINE} beside another way to ask")
    return manner


def _answer(text: str) -> str:
    if not re.fullmatch(ANSWER, text):
        raise ArgumentTypeError(f"expected {ANSWER_EXPECTED}, found {text!r}")
    return text


def _upload(text: str) -> Upload:
    field, equals, size = text.partition("=")
    try:
        found = round(float(size) * BYTES_PER_MB)
    except (ValueError, OverflowError):
        found = 0
    if not (field.isidentifier() and equals and 1 <= found <= MAX_UPLOAD_BYTES):
        most = MAX_UPLOAD_BYTES // BYTES_PER_MB
        raise ArgumentTypeError(f"expected FIELD=MB, above 0 to {most:,} MB, found {text!r}")
    return Upload(field, found)


def _poll_ms(text: str) -> float:
    expected = f"expected {MIN_POLL_MS:g} to {MAX_POLL_MS:g} ms, found {text!r}"
    try:
        found = float(text)
    except ValueError:
        raise ArgumentTypeError(expected) from None
    if not MIN_POLL_MS <= found <= MAX_POLL_MS:
        raise ArgumentTypeError(expected)
    return found


def _path(text: str) -> str:
    if not (text.startswith("/") and text.isascii() and text.isprintable() and " " not in text):
        raise ArgumentTypeError(f"expected a path on the same server, as /path, found {text!r}")
    return text
