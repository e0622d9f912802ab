"""Websockets that echo each message, after a delay.

Django's views cannot serve websockets; these are consumers of Channels. The messages of one
connection are answered in order, one at a time.
"""

import asyncio
import time
from typing import Any

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from django.http import HttpRequest, QueryDict

from .parameters import BadParameter, delay_s


class AsyncEcho(AsyncWebsocketConsumer):  # type: ignore[misc] # Channels has no types
    """Runs in the event loop, which serves other connections while this one waits."""

    async def connect(self) -> None:
        """Accept the connection if its ?delay= is valid."""
        self.delay_s = _delay_s(self.scope)
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Echo the message."""
        await asyncio.sleep(self.delay_s)
        await self.send(text_data, bytes_data)


class SyncEcho(WebsocketConsumer):  # type: ignore[misc]
    """Runs in a thread, which the sync consumers of a process share."""

    def connect(self) -> None:
        """Accept the connection if its ?delay= is valid."""
        self.delay_s = _delay_s(self.scope)
        self.accept()

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Echo the message."""
        time.sleep(self.delay_s)
        self.send(text_data, bytes_data)


def _delay_s(scope: dict[str, Any]) -> float:
    """Return the delay from the opening request; refuses the connection if it is invalid."""
    request = HttpRequest()
    request.GET = QueryDict(scope["query_string"])
    try:
        return delay_s(request)
    except BadParameter:
        raise DenyConnection from None
