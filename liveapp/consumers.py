"""Websockets that send back what they are sent, after a while if they are asked to wait.

Django's views know no websockets; these are consumers of Channels. The messages of one
connection are answered in their order, each when the last one was.
"""

import asyncio
import time
from typing import Any

from channels.exceptions import DenyConnection
from channels.generic.websocket import AsyncWebsocketConsumer, WebsocketConsumer
from django.http import HttpRequest, QueryDict

from .parameters import BadParameter, delay_s


class AsyncEcho(AsyncWebsocketConsumer):  # type: ignore[misc] # Channels has no types
    """Runs in the event loop, which goes on with other connections while this one waits."""

    async def connect(self) -> None:
        """Accept it, if its ?delay= is one."""
        self.delay_s = _delay_s(self.scope)
        await self.accept()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Send it back."""
        await asyncio.sleep(self.delay_s)
        await self.send(text_data, bytes_data)


class SyncEcho(WebsocketConsumer):  # type: ignore[misc]
    """Each message is handed to a thread; the sync consumers of a process share one."""

    def connect(self) -> None:
        """Accept it, if its ?delay= is one."""
        self.delay_s = _delay_s(self.scope)
        self.accept()

    def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Send it back."""
        time.sleep(self.delay_s)
        self.send(text_data, bytes_data)


def _delay_s(scope: dict[str, Any]) -> float:
    """From the request that opens the connection, as every view reads it; else it is refused."""
    request = HttpRequest()
    request.GET = QueryDict(scope["query_string"])
    try:
        return delay_s(request)
    except BadParameter:
        raise DenyConnection from None
