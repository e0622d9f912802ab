"""Waiting for something slow: a sync view, an async one, and a blocking async one."""

import asyncio
import time

from django.http import HttpRequest, JsonResponse

from liveapp.parameters import delay_s


def sync(request: HttpRequest) -> JsonResponse:
    """Wait like sync code: the thread sleeps."""
    time.sleep(delay_s(request))
    return JsonResponse({"message": "Sync response completed!"})


async def async_(request: HttpRequest) -> JsonResponse:
    """Wait like async code: the event loop serves other requests."""
    await asyncio.sleep(delay_s(request))
    return JsonResponse({"message": "Async response completed!"})


async def async_blocking(request: HttpRequest) -> JsonResponse:
    """Wait as async code must not: the thread of the event loop sleeps."""
    time.sleep(delay_s(request))  # noqa: ASYNC251 - the mistake that this variant shows
    return JsonResponse({"message": "Async response completed!"})
