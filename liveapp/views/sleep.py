"""Waiting for something slow: the same wait as a sync view, an async one, and a wrong async one."""

import asyncio
import time

from django.http import HttpRequest, JsonResponse

from liveapp.parameters import delay_s


def sync(request: HttpRequest) -> JsonResponse:
    """Wait as sync code does: the thread sleeps."""
    time.sleep(delay_s(request))
    return JsonResponse({"message": "Sync response completed!"})


async def async_(request: HttpRequest) -> JsonResponse:
    """Wait as async code does: the event loop goes on with others."""
    await asyncio.sleep(delay_s(request))
    return JsonResponse({"message": "Async response completed!"})


async def async_blocking(request: HttpRequest) -> JsonResponse:
    """Wait as async code must not: the thread sleeps, and the event loop with it."""
    time.sleep(delay_s(request))  # noqa: ASYNC251 - the mistake that this variant shows
    return JsonResponse({"message": "Async response completed!"})
