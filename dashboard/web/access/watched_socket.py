"""A websocket that is closed once the session that opened it has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from django.db import DatabaseError

from dashboard.web.asgi_types import Application, Message, Receive, Scope, Send

from .roles import Access

CHECKED_EVERY_S: Final = 30.0
SESSION_ENDED: Final = 4403  # the page then asks to log in

logger = logging.getLogger(__name__)

Check: TypeAlias = Callable[[], Awaitable[Access | None]]


class WatchedSocket:
    """Passes on one websocket, and asks every half a minute whether it may stay open."""

    def __init__(
        self, application: Application, check: Check, every_s: float = CHECKED_EVERY_S
    ) -> None:
        self._application = application
        self._check = check
        self._every_s = every_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle the websocket until either side closes it, or the session ends."""
        ended = asyncio.create_task(self._ended())

        async def receive_until_ended() -> Message:
            message = asyncio.ensure_future(receive())
            try:
                await asyncio.wait({message, ended}, return_when=asyncio.FIRST_COMPLETED)
                if message.done():
                    return message.result()
            finally:
                message.cancel()
            await send({"type": "websocket.close", "code": SESSION_ENDED})
            return {"type": "websocket.disconnect", "code": SESSION_ENDED}

        try:
            await self._application(scope, receive_until_ended, send)
        finally:
            ended.cancel()

    async def _ended(self) -> None:
        """Return when the session has ended."""
        while True:
            await asyncio.sleep(self._every_s)
            try:
                if await self._check() is None:
                    return
            except DatabaseError:  # it may work again; pages answer 503 meanwhile
                logger.exception("The session of a websocket could not be checked")
