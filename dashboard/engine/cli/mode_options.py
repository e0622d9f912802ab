"""Options for request modes: requests that are more than one write and one response."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace

from dashboard.wire.plan.exchange import (
    ANSWER,
    ANSWER_EXPECTED,
    ECHO,
    NUMBER,
    NUMBERS_BACK,
    Exchange,
    OpeningStep,
)
from dashboard.wire.plan.fields import PLAN_FIELDS
from dashboard.wire.plan.plan import ENGINE
from dashboard.wire.plan.request_mode import MAX_UPLOAD_BYTES, PLAIN, RequestMode, Upload
from dashboard.wire.units import BYTES_PER_MB

MIN_POLL_MS, MAX_POLL_MS = 1.0, 60_000.0


def add_mode_options(parser: ArgumentParser) -> None:
    """Add the options. At most one of the modes may be given."""
    group = parser.add_argument_group(f"request modes, only with --client {ENGINE}")
    modes = group.add_mutually_exclusive_group()
    add = modes.add_argument
    add("--upload", type=_upload, metavar="FIELD=MB", help="POST a file of MB megabytes in a form")
    add("--poll", type=_poll_ms, metavar="MS", help="poll for the result of a 202 every MS ms")
    add("--websocket", action="store_true", help="send messages on -c open connections")
    add("--chunks", action="store_true", help="count the pieces in which responses arrive")
    add = group.add_argument
    PLAN_FIELDS["send_kb_per_s"].add_option(group, metavar="KB")
    PLAN_FIELDS["every"].add_option(group, metavar="S")
    add("--open", action="append", default=[], help="sent first on a websocket")
    add("--open-answer", type=_answer, metavar="RULE", help="waited for after each --open")
    add("--message", help=f"sent and timed on a websocket (default: {NUMBER})")
    add("--answer", type=_answer, metavar="RULE", help=ANSWER_EXPECTED)
    add("--neighbour", type=_path, metavar="PATH", help="20 requests/s to a bystander")


def read_request_mode(parser: ArgumentParser, given: Namespace) -> RequestMode:
    """Return the request mode; refuse options that cannot be combined with it."""
    opening = tuple(OpeningStep(text, given.open_answer) for text in given.open)
    exchange = Exchange(opening, given.message or NUMBER, given.answer or ECHO)
    mode = RequestMode(given.upload, given.poll, given.websocket, given.chunks, exchange=exchange)
    if given.send_kb_per_s is not None and mode.upload is None:
        parser.error("argument --send-kb-per-s: needs --upload")
    if given.every is not None and not mode.websocket:
        parser.error("argument --every: needs --websocket")
    if exchange != NUMBERS_BACK and not mode.websocket:
        parser.error("argument --open, --message, --answer: need --websocket")
    if given.open_answer is not None and not given.open:
        parser.error("argument --open-answer: needs --open")
    if mode.websocket and given.rate is not None:
        parser.error("argument --websocket: cannot be combined with --rate")
    if given.client != ENGINE and (mode != PLAIN or given.neighbour):
        parser.error(f"argument --client: expected {ENGINE}, for a request mode or --neighbour")
    return mode


def _answer(text: str) -> str:
    if not re.fullmatch(ANSWER, text):
        raise ArgumentTypeError(f"expected {ANSWER_EXPECTED}, found {text!r}")
    return text


def _upload(text: str) -> Upload:
    field, equals, size = text.partition("=")
    try:
        size_bytes = round(float(size) * BYTES_PER_MB)
    except (ValueError, OverflowError):
        size_bytes = 0
    if not (field.isidentifier() and equals and 1 <= size_bytes <= MAX_UPLOAD_BYTES):
        most = MAX_UPLOAD_BYTES // BYTES_PER_MB
        raise ArgumentTypeError(f"expected FIELD=MB, above 0 to {most:,} MB, found {text!r}")
    return Upload(field, size_bytes)


def _poll_ms(text: str) -> float:
    expected = f"expected {MIN_POLL_MS:g} to {MAX_POLL_MS:g} ms, found {text!r}"
    try:
        poll_ms = float(text)
    except ValueError:
        raise ArgumentTypeError(expected) from None
    if not MIN_POLL_MS <= poll_ms <= MAX_POLL_MS:
        raise ArgumentTypeError(expected)
    return poll_ms


def _path(text: str) -> str:
    if not (text.startswith("/") and text.isascii() and text.isprintable() and " " not in text):
        raise ArgumentTypeError(f"expected a path on the same server, as /path, found {text!r}")
    return text
