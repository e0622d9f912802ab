"""A dashboard's Daphne with an application that fails as its path asks: `python -m …faulty PORT`.

`guarded` before the path: inside the guard. `connections` answers how many Daphne keeps.
"""

from __future__ import annotations

import os
import sys
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "dashboard.settings"

from dashboard.web.serving.daphne_server import DashboardServer
from dashboard.web.serving.guard import GuardedApplication

START = {"type": "http.response.start", "status": 200, "headers": []}


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Fail before, within or after a response, or once a websocket is open."""
    path = scope["path"].removeprefix("/guarded")
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        raise RuntimeError("within a websocket")
    if path == "/before":
        raise RuntimeError("before the response")
    await send(START)
    if path == "/within":
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        raise RuntimeError("within the response")
    if path == "/twice":
        await send(START)
    body = str(len(server.connections)).encode()
    await send({"type": "http.response.body", "body": body})
    if path == "/after":
        raise RuntimeError("after the response")


guarded = GuardedApplication(application)


async def either(scope: Any, receive: Any, send: Any) -> None:
    """Call the application, inside the guard if the path begins so."""
    chosen = guarded if scope["path"].startswith("/guarded") else application
    await chosen(scope, receive, send)


server = DashboardServer(either, endpoints=[f"tcp:{sys.argv[1]}:interface=127.0.0.1"])

if __name__ == "__main__":
    server.run()
