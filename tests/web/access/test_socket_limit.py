"""How many websockets are open at once."""

from __future__ import annotations

from channels.testing import WebsocketCommunicator

from dashboard.web.access.socket_limit import SocketLimit
from dashboard.web.asgi_types import Receive, Scope, Send


async def accepting(scope: Scope, receive: Receive, send: Send) -> None:
    """Accepts a websocket, and ends with it."""
    await receive()
    await send({"type": "websocket.accept"})
    await receive()


async def test_no_more_are_accepted_than_allowed_until_one_ends() -> None:
    limited = SocketLimit(accepting, most=2)
    sockets = [WebsocketCommunicator(limited, "/ws/") for _ in range(4)]
    for socket in sockets[:2]:
        assert (await socket.connect())[0]
    assert not (await sockets[2].connect())[0]
    await sockets[0].disconnect()
    assert (await sockets[3].connect())[0]
    await sockets[1].disconnect()
    await sockets[3].disconnect()
