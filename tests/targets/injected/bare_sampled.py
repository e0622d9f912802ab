"""Requests to sampled applications, with two directories of ours and the standard library alone.

    python bare_sampled.py PROBE SAMPLER DIRECTORY

The applications wait in one line each, whose comment is its name. The files of the sampler are
written into the directory.
"""

import asyncio
import json
import os
import sys
import time
from typing import Any

SECONDS = 0.1
REQUESTS = 2
FLUSHED_S = 0.5  # the sampler writes each 0.2 s


def wsgi(environ: Any, start_response: Any) -> Any:
    """Wait in a thread."""
    time.sleep(SECONDS)  # planted: wsgi
    start_response("200 OK", [])
    return [b""]


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    """Wait in a task."""
    await asyncio.gather(pause())
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def pause() -> None:
    """Wait without blocking."""
    await asyncio.sleep(SECONDS)  # planted: asgi


async def send(message: Any) -> None:
    """Send nothing."""


def main(probe: str, sampler: str, directory: str) -> None:
    """Serve some requests of both kinds."""
    sys.path[:0] = probe, sampler
    os.environ["LIVEBURST_SAMPLER"] = json.dumps({"directory": directory, "interval_ms": 5})
    os.environ["LIVEBURST_DIRECTORY"] = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    import liveburst_sampler
    from liveburst_asgi import ASGIProbe
    from liveburst_sampler_application import SampledASGI
    from liveburst_worker import Worker
    from liveburst_wsgi import WSGIProbe

    sampled = liveburst_sampler.sampled("wsgi", wsgi)
    served = WSGIProbe(sampled, Worker("wsgi"))
    for _ in range(REQUESTS):
        served({}, lambda *_: None).close()
    awaited = ASGIProbe(SampledASGI(asgi, sampled.start), Worker("asgi"))
    for _ in range(REQUESTS):
        asyncio.run(awaited({"type": "http"}, None, send))
    time.sleep(FLUSHED_S)


if __name__ == "__main__":
    main(*sys.argv[1:])
