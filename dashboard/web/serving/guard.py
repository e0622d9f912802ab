"""The outermost ASGI application: what fails inside it ends one response and nothing else."""

from __future__ import annotations

import asyncio
import logging
from typing import IO, Final

from dashboard.descriptors import exhausted_by
from dashboard.web.asgi_types import Application, Message, Receive, Scope, Send

from .extensions import abort_response, body_file

logger = logging.getLogger(__name__)


CHUNK_BYTES: Final = 2**16
INTERNAL_ERROR: Final = (
    4500  # of a websocket; autobahn sends only 1000 and 3000 to 4999, and not 1011
)
_FAILED: Final = b"Liveburst itself failed; dashboard.log has the details.\n"


class GuardedApplication:
    """An ASGI application that logs what another one raises, and ends the response.

    With 500 if the response has not begun; else the connection is closed, so that an incomplete
    file is not taken for a complete one.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket."""
        started = False

        async def noting_the_start(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        file = body_file(scope)
        if file is not None:
            receive = BodyReader(file, receive)
        try:
            await self._application(scope, receive, noting_the_start)
        except Exception as error:
            logger.exception("The application failed: %s %s", scope["type"], scope.get("path"))
            # Without descriptors not even the template of an error's page can be opened.
            await _end(scope, send, started=started, exhausted=exhausted_by(error))


async def _end(scope: Scope, send: Send, *, started: bool, exhausted: str | None) -> None:
    try:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": INTERNAL_ERROR})
        elif started:
            abort_response(scope)
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            status, body = (503, f"{exhausted}\n".encode()) if exhausted else (500, _FAILED)
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
    except Exception:
        logger.exception("The response could not be ended")


class BodyReader:
    """Gives a request's body to the application piece by piece from its file.

    Daphne would put all of it into a queue, in memory.
    """

    def __init__(self, file: IO[bytes], receive: Receive) -> None:
        self._file = file
        self._receive = receive
        self._begun = self._ended = False

    async def __call__(self) -> Message:
        """Return the next message."""
        if self._ended:
            return await self._receive()
        if not self._begun:
            first = await self._receive()
            if first["type"] != "http.request":
                return first
            self._begun = True
        return await self._next_piece()

    async def _next_piece(self) -> Message:
        await asyncio.sleep(0)  # other requests take their turns between the pieces
        if self._file.closed:  # with the connection
            return {"type": "http.disconnect"}
        piece = self._file.read(CHUNK_BYTES)
        self._ended = len(piece) < CHUNK_BYTES
        return {"type": "http.request", "body": piece, "more_body": not self._ended}
