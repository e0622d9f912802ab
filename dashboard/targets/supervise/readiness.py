"""Wait over HTTP until an application answers: a connect succeeds long before that.

The kernel keeps the request in the backlog until the server accepts it, so one request
mostly suffices, and it is answered as soon as the application can answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

# A path that no project has: Django answers 404 without calling a view. Any answer that
# carries the probe's header will do; even a 400 or 500 has been through the application.
READINESS_PATH = "/.liveburst/ready"
_ATTEMPT_S = 5.0
_PAUSE_S = 0.02
_MAX_HEAD = 65536


async def wait_until_ready(host: str, port: int, reached: Callable[[], bool]) -> None:
    """Return once the application has answered through the probe. Has no timeout of its own.

    `reached` returns True once a request has reached the application: where that raises for
    every unknown path, the answer is the server's own and carries no header.
    """
    while True:
        try:
            async with asyncio.timeout(_ATTEMPT_S):
                if await _answers(host, port) or reached():
                    return
        except (OSError, EOFError, asyncio.LimitOverrunError, TimeoutError):
            pass
        await asyncio.sleep(_PAUSE_S)


async def _answers(host: str, port: int) -> bool:
    reader, writer = await asyncio.open_connection(host, port, limit=_MAX_HEAD)
    try:
        request = (
            f"GET {READINESS_PATH} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        )
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        return b"\r\nliveburst:" in head.lower()
    finally:
        writer.close()
        await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    try:
        await writer.wait_closed()
    except OSError:
        return
