"""Requests pages of the planted project as a target would be asked, and traces each once.

    python -m tests.targets.injected.xray_requests wsgi|asgi PATH…

Prints the traces as one JSON list. An interpreter of its own: the X-ray's patches are for good.
"""

from __future__ import annotations

import asyncio
import importlib
import io
import json
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

INJECTED = Path(__file__).parents[3] / "dashboard" / "targets" / "injected"
PATH = [str(INJECTED / name) for name in ("probe", "xray")]
TOKEN = "the test's own"


def main(interface: str, *paths: str) -> None:
    sys.path[:0] = PATH
    os.environ |= {
        "LIVEBURST_APP": f"liveburst_xray:{interface}",
        "LIVEBURST_XRAY_APP": f"tests.targets.injected.xray_project:{interface}",
        "LIVEBURST_XRAY_TOKEN": TOKEN,
        "LIVEBURST_SERVER": "none",
    }
    application = getattr(importlib.import_module("liveburst_probe"), interface)
    with tempfile.TemporaryDirectory() as directory:
        print(json.dumps([traced(application, interface, path, directory) for path in paths]))


def traced(application: Any, interface: str, path: str, directory: str) -> Any:
    file = Path(directory, path.strip("/"))
    os.environ["LIVEBURST_XRAY_FILE"] = str(file)
    for token in ("", "another one's", TOKEN):
        assert not file.exists()
        if interface == "asgi":
            asyncio.run(ask_asgi(application, path, token))
        else:
            ask_wsgi(application, path, token)
    return json.loads(file.read_text())


def ask_wsgi(application: Any, path: str, token: str) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "HTTP_LIVEBURST_XRAY": token,
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }

    def serve() -> None:
        body = application(environ, lambda *arguments: None)
        list(body)
        body.close()

    server = threading.Thread(target=serve, name="server")
    server.start()
    server.join()


async def ask_asgi(application: Any, path: str, token: str) -> None:
    answered = asyncio.Event()
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        return None

    headers = [(b"host", b"localhost"), (b"liveburst-xray", token.encode())]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await application(scope, receive, send)


if __name__ == "__main__":
    main(*sys.argv[1:])
