"""HTTP clients that requests share, and with them the connections to the external API.

Each is made on first use, so that a server may fork before. None limits the number of
connections: the load does that, and a limit here (httpx: 100 by default) would be measured as
if it were the server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import cache
from threading import Lock

import httpx
import requests
from requests.adapters import HTTPAdapter

# The most requests that a load has in flight. A pool of `requests` is not a limit, but connections
# that do not fit into it are closed after each use (10 by default).
POOL = 10_000

# Few idle connections are kept, httpx's default: for every request its pool checks whether each of
# them is still open. With 200 idle connections, a burst of 200 calls takes ten seconds.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)

_lock = Lock()
_of_loops: dict[
    asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[httpx.AsyncClient]]
] = {}


def shared_session() -> requests.Session:
    """Return the Session of this process.

    A Session per thread would not be shared under ASGI, where each request has its own thread.
    The Session's pool of connections is thread-safe; changing its headers and cookies is not,
    which never happens here.
    """
    with _lock:  # otherwise two threads could make one each
        return _session()


def shared_client() -> httpx.Client:
    """Return the `httpx.Client` of this process, which is thread-safe."""
    with _lock:
        return _client()


async def shared_async_client() -> httpx.AsyncClient:
    """Return the `httpx.AsyncClient` of the running event loop, to which its connections belong.

    Under ASGI that is the process's one loop. Under WSGI Django makes a loop for each request
    of an async view, so nothing is shared.
    """
    loop = asyncio.get_running_loop()
    if loop not in _of_loops:
        client = _client_of(loop)
        _of_loops[loop] = (await anext(client), client)
    return _of_loops[loop][0]


async def _client_of(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[httpx.AsyncClient]:
    """Yield a client that is closed with the loop.

    A loop that ends normally closes its async generators. There is no other hook, since
    Django's handler does not implement ASGI's lifespan.
    """
    client = httpx.AsyncClient(limits=LIMITS)
    try:
        yield client
    finally:
        del _of_loops[loop]
        await client.aclose()


@cache
def _session() -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=POOL)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


@cache
def _client() -> httpx.Client:
    return httpx.Client(limits=LIMITS)
