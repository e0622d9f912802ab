"""The same load by the clients that applications use: what their own stopwatch would have shown.

The one place of the engine that may import them, and each only when it is asked for: the
engine itself needs none of them, and starts in a tenth of the time.

They fire at loopback through no proxy, follow no redirect, and send the headers that they
always send, besides the firing's own. Their rows are those of the engine, with the instants
that the client can honestly tell; the others are not known. They live in the engine's event
loop (uvloop), with Python's garbage collector on, as it is where they are at home.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from dashboard.wire.plan import Firing

from .driver import ClientDriver

# The name in a firing, and where its client is.
CLIENTS: Final = {
    "httpx": ("httpx_client", "ClientForEach"),
    "httpx-shared": ("httpx_client", "SharedClient"),
    "aiohttp": ("aiohttp_client", "Session"),
    "requests-threads": ("requests_client", "Threads"),
}


def make_client_driver(firing: Firing) -> ClientDriver:
    """A driver by `firing.client`, whose origin is now."""
    module, name = CLIENTS[firing.client]
    kind: type[ClientDriver] = getattr(import_module(f".{module}", __name__), name)
    return kind(firing)
