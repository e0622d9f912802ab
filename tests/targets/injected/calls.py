"""Requests to an application in this process, as servers make them, and the probe around it."""

from __future__ import annotations

import asyncio
import importlib
import io
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any


class Probe:
    """The probe's modules: `probe.counters` is `liveburst_counters`, as the test has it."""

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(f"liveburst_{name}")


class Call:
    """One WSGI request, as a server makes it."""

    def __init__(self, application: Any, environ: dict[str, Any] | None = None) -> None:
        self.status, self.headers = "", [("none", "")]
        self.body = application(environ or {}, self.start)

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        self.status, self.headers = status, headers

    @property
    def stamps(self) -> list[int]:
        return [int(part) for part in dict(self.headers)["liveburst"].split()]


def wrapped(probe: Probe, application: Callable[..., Any], interface: str = "wsgi") -> Any:
    """The application as a server sees it."""
    kind = probe.wsgi.WSGIProbe if interface == "wsgi" else probe.asgi.ASGIProbe
    return kind(application, probe.worker.Worker(interface))


def answers(body: Any) -> Callable[..., Any]:
    """A WSGI application with this body."""

    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        start("200 OK", [("A", "b")])
        return body

    return application


def environ(path: str) -> dict[str, Any]:
    """What a WSGI server gives Django for this path."""
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": io.BytesIO(),
        "wsgi.url_scheme": "http",
    }


async def ask(
    application: Any,
    path: str,
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    **scope: Any,
) -> list[dict[str, Any]]:
    """The messages of one ASGI request, whose client stays until it has the whole answer."""
    sent: list[dict[str, Any]] = []
    answered = asyncio.Event()
    messages = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> dict[str, Any]:
        for message in messages:
            return message
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    request = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": [*headers],
        "query_string": query,
    }
    await application({**request, **scope}, receive, send)
    return sent
