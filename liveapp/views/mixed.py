"""An async view that must call sync code: in the request's own thread, or in the loop's pool."""

import time

from asgiref.sync import sync_to_async
from django.http import HttpRequest, JsonResponse

from liveapp.parameters import delay_s


def sync_task(seconds: float) -> str:
    """Stand for any sync library: wait, and say so."""
    time.sleep(seconds)
    return "Sync task completed"


async def bridged(request: HttpRequest) -> JsonResponse:
    """Call it as `sync_to_async` does by default: in the one thread that the request has."""
    message = await sync_to_async(sync_task)(delay_s(request))
    return JsonResponse({"message": message})


async def bridged_threads(request: HttpRequest) -> JsonResponse:
    """Call it with `thread_sensitive=False`: in the event loop's default thread pool."""
    message = await sync_to_async(sync_task, thread_sensitive=False)(delay_s(request))
    return JsonResponse({"message": message})
