"""Streamed responses whose failure ends one response and nothing else."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterable, AsyncIterator, Mapping

from django.http import HttpRequest, StreamingHttpResponse

from dashboard.web.serving.extensions import abort_response, until_writable

logger = logging.getLogger(__name__)


def streamed(
    request: HttpRequest,
    pieces: AsyncIterable[str | bytes],
    *,
    content_type: str,
    headers: Mapping[str, str] | None = None,
) -> StreamingHttpResponse:
    """Return a response of these pieces, each taken once the client has read most of those before.

    An exception in `pieces` is logged and ends the response: the connection is closed, since the
    client has the status already and would take what it received for everything.
    """
    return StreamingHttpResponse(
        _guarded(request, pieces), content_type=content_type, headers=dict(headers or {})
    )


async def _guarded(
    request: HttpRequest, pieces: AsyncIterable[str | bytes]
) -> AsyncIterator[bytes]:
    """Yield the pieces encoded: here, as text may be what cannot be encoded."""
    scope = getattr(request, "scope", {})
    try:
        async for piece in pieces:
            yield piece.encode() if isinstance(piece, str) else piece
            await until_writable(scope)
    except TimeoutError:
        logger.warning("The client stopped reading: %s", request.path)
        abort_response(scope)
    except Exception:
        logger.exception("The response ended early: %s", request.path)
        abort_response(scope)
