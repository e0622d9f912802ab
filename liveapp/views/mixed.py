"""An async view that must call sync code: in the request's own thread, or in the loop's pool."""

import asyncio
import time

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse

from liveapp.parameters import delay_s, whole_number

MAX_CALLS = 20


def sync_task(seconds: float) -> str:
    """Wait like any sync library, and return a message."""
    time.sleep(seconds)
    return "Sync task completed"


async def bridged(request: HttpRequest) -> JsonResponse:
    """Call it by `sync_to_async` with its default: in the request's one thread."""
    message = await sync_to_async(sync_task)(delay_s(request))
    return JsonResponse({"message": message})


async def bridged_threads(request: HttpRequest) -> JsonResponse:
    """Call it with `thread_sensitive=False`: in the event loop's default thread pool."""
    message = await sync_to_async(sync_task, thread_sensitive=False)(delay_s(request))
    return JsonResponse({"message": message})


async def gather_bridged(request: HttpRequest) -> JsonResponse:
    """Call it several times at once. The request has one thread, so the calls queue."""
    task = sync_to_async(sync_task)
    delay, calls = delay_s(request), _calls(request)
    messages = await asyncio.gather(*(task(delay) for _ in range(calls)))
    return JsonResponse({"message": messages[0], "calls": len(messages)})


async def gather_bridged_threads(request: HttpRequest) -> JsonResponse:
    """Call it several times at once, each in a thread of the event loop's pool."""
    task = sync_to_async(sync_task, thread_sensitive=False)
    delay, calls = delay_s(request), _calls(request)
    messages = await asyncio.gather(*(task(delay) for _ in range(calls)))
    return JsonResponse({"message": messages[0], "calls": len(messages)})


async def async_blocking(request: HttpRequest) -> JsonResponse:
    """Call it directly, which blocks all other requests of this process."""
    return JsonResponse({"message": sync_task(delay_s(request))})


def _calls(request: HttpRequest) -> int:
    return whole_number(request, "calls", default=5, low=1, high=MAX_CALLS)
