"""The same load sent by the clients that applications use: what such a client would measure.

Only this package may import them, and each only when a firing uses it: the load generator
needs none of them, and starts in a tenth of the time.

They fire at loopback without a proxy, follow no redirects, and send the headers that they always
send, besides the firing's own. Their rows are those of the load generator, with the instants that
the client reports; the others are UNKNOWN. They run in the load generator's event loop (uvloop),
with Python's garbage collector on, as in an application.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from dashboard.wire.plan.plan import Firing

from .driver import ClientDriver

# The client's name in a firing, and the module and class of its driver.
CLIENTS: Final = {
    "httpx": ("httpx_client", "HttpxPerRequestDriver"),
    "httpx-shared": ("httpx_client", "HttpxSharedDriver"),
    "aiohttp": ("aiohttp_client", "AiohttpDriver"),
    "requests-threads": ("requests_client", "RequestsThreadsDriver"),
}


def make_client_driver(firing: Firing) -> ClientDriver:
    """Return the driver for `firing.client`, whose origin is now."""
    module, name = CLIENTS[firing.client]
    driver_class: type[ClientDriver] = getattr(import_module(f".{module}", __name__), name)
    return driver_class(firing)
