"""Traces one request through a project: its thread hops, its stages, its queries.

Runs in a target of its own and never in a timed one. The probe wraps this module, which
wraps the project's own application; nothing of the project changes. Standard library alone,
Python 3.9, Django 4.2 or later. The environment holds:

    LIVEBURST_APP         `liveburst_xray:wsgi` or `liveburst_xray:asgi`, read by the probe
    LIVEBURST_XRAY_APP    the project's own application, "module:attribute"
    LIVEBURST_XRAY_TOKEN  the value that the header `liveburst-xray` has in the request to trace
    LIVEBURST_XRAY_FILE   where the trace is written, whole, when that request is over

The trace is one JSON object: `spans` (in the order in which they began; `parent` is another
span's `number`; instants in monotonic nanoseconds, `ended` is -1 for what outlived the request),
`threads` (name, and whether an event loop ran there, by the number that spans have) and `dropped`,
the number of spans beyond the limit. Of a query only its verb and its table are kept. The spans
of middleware have further keys (`liveburst_xray_django.trace_middleware`).
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Callable
from typing import Any

from liveburst_application import load_application
from liveburst_body import until_closed
from liveburst_once import Once
from liveburst_xray_patches import apply_patches
from liveburst_xray_trace import CURRENT_SPAN, Trace

HEADER = "liveburst-xray"


def __getattr__(name: str) -> Any:
    """Make `wsgi` or `asgi` when the probe imports it: patch first, then import the project."""
    if name not in ("wsgi", "asgi"):
        raise AttributeError(name)
    apply_patches()
    application = load_application(os.environ["LIVEBURST_XRAY_APP"])
    globals()[name] = (WSGIXray if name == "wsgi" else ASGIXray)(application)
    return globals()[name]


def is_token(value: str) -> bool:
    """Return True if a header's value is the secret of the one request to be traced."""
    return hmac.compare_digest(value.encode(), os.environ["LIVEBURST_XRAY_TOKEN"].encode())


class WSGIXray:
    """The project's WSGI application; the request with the token is traced."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request as the project does, which never sees the X-ray's header."""
        if not is_token(environ.pop("HTTP_LIVEBURST_XRAY", "")):
            return self.application(environ, start_response)
        trace = Trace()
        line = f"{environ.get('REQUEST_METHOD')} {environ.get('PATH_INFO')}"
        root = trace.open("request", line, None)
        CURRENT_SPAN.set(root)

        def finish() -> None:
            root.end()
            CURRENT_SPAN.set(None)
            trace.finish()

        try:
            body = self.application(environ, start_response)
        except BaseException:
            finish()
            raise
        return until_closed(body, environ.get("wsgi.file_wrapper"), Once(finish))


class ASGIXray:
    """The project's ASGI application; the request with the token is traced."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request as the project does, which never sees the X-ray's header."""
        headers = list(scope.get("headers", ()))
        tokens = [value for name, value in headers if name.lower() == HEADER.encode()]
        if scope["type"] != "http" or not tokens or not is_token(tokens[0].decode("latin1")):
            await self.application(scope, receive, send)
            return
        headers = [pair for pair in headers if pair[0].lower() != HEADER.encode()]
        trace = Trace()
        root = trace.open("request", f"{scope.get('method')} {scope.get('path')}", None)
        CURRENT_SPAN.set(root)
        try:
            await self.application({**scope, "headers": headers}, receive, send)
        finally:
            root.end()
            CURRENT_SPAN.set(None)
            trace.finish()
