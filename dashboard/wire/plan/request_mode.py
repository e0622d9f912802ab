"""How a request is made where it is more than one write and one answer."""

from __future__ import annotations

from dataclasses import dataclass

from .exchange import NUMBERS_BACK, Exchange

MAX_UPLOAD_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Upload:
    """A file of `size` bytes in the field `field` of a multipart form, made while it is sent."""

    field: str
    size: int


@dataclass(frozen=True)
class Manner:
    """What the engine does beside asking and reading the answer: one of these, mostly none.

    `upload` is sent as the body. `poll_every_ms`: an answer 202 names by its Location where the
    result will be, which is asked for so often until it is there. `websocket`: the requests are
    messages on connections that stay open, and `exchange` says what is sent and what is an
    answer. `chunks`: how an answer comes in pieces is watched. `rows`: request n asks for the path
    and sends the body of row n, and after the last row comes the first one again.
    """

    upload: Upload | None = None
    poll_every_ms: float | None = None
    websocket: bool = False
    chunks: bool = False
    rows: tuple[tuple[str, str], ...] = ()
    exchange: Exchange = NUMBERS_BACK


PLAIN = Manner()
