"""Sending a response piece by piece, like a language model: a sync and an async iterator.

Django streams a sync iterator under WSGI and an async one under ASGI. With the other kind it
reads the iterator to its end before the first byte is sent, with a warning each time. This
scenario measures that case on purpose, so the warning is ignored.
"""

import asyncio
import time
import warnings
from collections.abc import AsyncIterator, Iterator

from django.http import HttpRequest, StreamingHttpResponse

from liveapp.parameters import number, whole_number

warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume")

MAX_TOKENS = 500
MAX_INTERVAL_MS = 100.0
TYPE = "text/plain; charset=utf-8"


def sync(request: HttpRequest) -> StreamingHttpResponse:
    """Give Django an iterator that sleeps before each token."""
    tokens, interval_s = _tokens(request), _interval_s(request)

    def stream() -> Iterator[str]:
        for token in range(tokens):
            time.sleep(interval_s)
            yield f"token {token}\n"

    return StreamingHttpResponse(stream(), content_type=TYPE)


async def async_(request: HttpRequest) -> StreamingHttpResponse:
    """Give Django an async iterator that awaits before each token."""
    tokens, interval_s = _tokens(request), _interval_s(request)

    async def stream() -> AsyncIterator[str]:
        for token in range(tokens):
            await asyncio.sleep(interval_s)
            yield f"token {token}\n"

    return StreamingHttpResponse(stream(), content_type=TYPE)


def _tokens(request: HttpRequest) -> int:
    return whole_number(request, "tokens", default=20, low=1, high=MAX_TOKENS)


def _interval_s(request: HttpRequest) -> float:
    """Return the interval from ?interval=, which is in milliseconds."""
    interval_ms = number(
        request, "interval", default=50, low=0, high=MAX_INTERVAL_MS, unit="milliseconds"
    )
    return interval_ms / 1000
