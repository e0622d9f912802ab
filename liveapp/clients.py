"""HTTP clients that requests share, and with them the connections to the external API.

Each is made when it is first needed, so that a server may fork before. None limits how many
connections there are at once: whoever calls the view does that, and a limit in here (httpx: 100
by default) would be measured as if it were the server's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from functools import cache
from threading import Lock

import httpx
import requests
from requests.adapters import HTTPAdapter

# As many as the largest load has in flight: a pool of requests is not a limit, but what it has
# no room for is closed after each use (10 by default).
POOL = 10_000

# Few idle ones are kept, as httpx does by default: at every request its pool asks each of them
# whether it is still open. 200 idle connections make a burst of 200 calls last ten seconds.
LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=20)

_lock = Lock()
_of_loops: dict[
    asyncio.AbstractEventLoop, tuple[httpx.AsyncClient, AsyncGenerator[httpx.AsyncClient]]
] = {}


def shared_session() -> requests.Session:
    """The Session of this process.

    Not one for each thread: under ASGI each request has a thread of its own, and would share
    its Session with nobody. The pool of connections in it is made for many threads; what is
    not is changing the Session's headers and cookies, which nobody does here.
    """
    with _lock:  # or two threads would make one each
        return _session()


def shared_client() -> httpx.Client:
    """The `httpx.Client` of this process, which is made for many threads."""
    with _lock:
        return _client()


async def shared_async_client() -> httpx.AsyncClient:
    """The `httpx.AsyncClient` of the running event loop, to which its connections belong.

    Under ASGI that is the process's one loop. Under WSGI Django makes a loop for each request
    of an async view, so there nothing is shared.
    """
    loop = asyncio.get_running_loop()
    if loop not in _of_loops:
        ending = _until_the_end_of(loop)
        _of_loops[loop] = (await anext(ending), ending)
    return _of_loops[loop][0]


async def _until_the_end_of(loop: asyncio.AbstractEventLoop) -> AsyncGenerator[httpx.AsyncClient]:
    """A client that is closed with the loop.

    A loop that ends in good order closes the async generators that were begun in it. Django
    knows no other end: its handler leaves out ASGI's lifespan.
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
