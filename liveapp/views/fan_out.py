"""Several calls of an external API in one request: one after the other, or all at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
from django.http import HttpRequest, JsonResponse

from liveapp.clients import shared_async_client, shared_client
from liveapp.external import handle_failures, handle_failures_async, timeout_s, todo_in, todo_url
from liveapp.parameters import whole_number

MAX_CALLS = 100


@handle_failures
def sequential(request: HttpRequest) -> JsonResponse:
    """Make each call after the response to the last one."""
    get = partial(shared_client().get, timeout=timeout_s(request))
    return JsonResponse({"todos": [todo_in(get(url)) for url in _urls(request)]})


@handle_failures
def threads(request: HttpRequest) -> JsonResponse:
    """Make all calls at once, each in a thread of its own."""
    get = partial(shared_client().get, timeout=timeout_s(request))
    urls = _urls(request)
    with ThreadPoolExecutor(len(urls)) as pool:
        return JsonResponse({"todos": [todo_in(response) for response in pool.map(get, urls)]})


@handle_failures_async
async def gather(request: HttpRequest) -> JsonResponse:
    """Make all calls at once, in the event loop."""
    get = partial((await shared_async_client()).get, timeout=timeout_s(request))
    calls = (get(url) for url in _urls(request))
    # Wait for all, even if some fail: none may continue after the response.
    responses = await asyncio.gather(*calls, return_exceptions=True)
    return JsonResponse({"todos": [todo_in(_received(response)) for response in responses]})


@handle_failures_async
async def async_sequential(request: HttpRequest) -> JsonResponse:
    """Await each call before the next: async code that waits like sync code."""
    get = partial((await shared_async_client()).get, timeout=timeout_s(request))
    return JsonResponse({"todos": [todo_in(await get(url)) for url in _urls(request)]})


def _received(response: httpx.Response | BaseException) -> httpx.Response:
    if isinstance(response, BaseException):
        raise response
    return response


def _urls(request: HttpRequest) -> list[str]:
    calls = whole_number(request, "calls", default=5, low=1, high=MAX_CALLS)
    return [todo_url(request, todo) for todo in range(1, calls + 1)]
