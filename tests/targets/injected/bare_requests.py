"""Sends one request through the probe, around an application without Django.

    python bare_requests.py PROBE_DIRECTORY wsgi|asgi

Any Python from 3.9 on runs this. Prints the probe's header; ends when stdin does.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import sys
from typing import Any


def wsgi(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"x"]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    await asyncio.create_task(asyncio.sleep(0.001))
    await asyncio.get_running_loop().run_in_executor(None, int)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x"})


def ask_wsgi(application: Any) -> None:
    headers: list[tuple[str, str]] = []
    body = application({}, lambda status, given, *_: headers.extend(given))
    assert list(body) == [b"x"]
    body.close()
    print(dict(headers)["liveburst"], flush=True)
    sys.stdin.read()


async def ask_asgi(application: Any) -> None:
    messages: list[Any] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await application({"type": "http"}, None, send)
    print(dict(messages[0]["headers"])[b"liveburst"].decode(), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    directory, interface = sys.argv[1:]
    sys.path[:0] = [directory, os.path.dirname(os.path.abspath(__file__))]  # noqa: PTH100, PTH120
    os.environ["LIVEBURST_APP"] = "bare_requests:" + interface
    application = getattr(importlib.import_module("liveburst_probe"), interface)
    if interface == "wsgi":
        ask_wsgi(application)
    else:
        asyncio.run(ask_asgi(application))
