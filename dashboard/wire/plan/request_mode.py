"""The request modes: what a request is beyond one write and one response."""

from __future__ import annotations

from dataclasses import dataclass

from .exchange import NUMBERS_BACK, Exchange
from .mix import MixedView

MAX_UPLOAD_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Upload:
    """A file of `size` bytes in the field `field` of a multipart form, made while it is sent."""

    field: str
    size: int


@dataclass(frozen=True)
class RequestMode:
    """What a request is beyond one write and one response: at most one of these is set.

    `upload` is sent as the body. `poll_every_ms`: a response 202 names the result's address in its
    Location; it is requested at this interval until the result is there. `websocket`: the requests
    are messages on connections that stay open; `exchange` defines what is sent and which message
    is the response. `chunks`: the arrival of each piece of a response is recorded. `rows`: request
    n uses the path and body of row n, and starts over after the last row. `mix`: the requests are
    to several views, by `assignment`.
    """

    upload: Upload | None = None
    poll_every_ms: float | None = None
    websocket: bool = False
    chunks: bool = False
    rows: tuple[tuple[str, str], ...] = ()
    exchange: Exchange = NUMBERS_BACK
    mix: tuple[MixedView, ...] = ()


PLAIN = RequestMode()
