"""How many websockets may be open at once."""

from __future__ import annotations

from typing import Final

from channels.security.websocket import WebsocketDenier

from dashboard.web.asgi_types import Application, Receive, Scope, Send

MOST_SOCKETS: Final = 500  # 350 viewers of one run had every sample; each page opens one


class SocketLimit:
    """Passes on a websocket, or refuses it while too many are open."""

    def __init__(self, application: Application, most: int = MOST_SOCKETS) -> None:
        self._application = application
        self._most = most
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one websocket."""
        if self._open >= self._most:
            await WebsocketDenier()(scope, receive, send)
            return
        self._open += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._open -= 1
