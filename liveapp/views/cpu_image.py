"""Making a thumbnail: in the view, in a thread, in another process, in Celery's worker."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse

from liveapp.parameters import whole_number
from liveapp.processes import in_process
from liveapp.work import thumbnail_bytes

from .results import accepted

MAX_PIXELS = 4_000


def sync(request: HttpRequest) -> JsonResponse:
    """Work in the view's thread."""
    return JsonResponse({"bytes": thumbnail_bytes(_pixels(request))})


async def async_naive(request: HttpRequest) -> JsonResponse:
    """Work in the event loop, which is blocked meanwhile."""
    return JsonResponse({"bytes": thumbnail_bytes(_pixels(request))})


async def async_threads(request: HttpRequest) -> JsonResponse:
    """Work in a thread: Pillow releases the interpreter's lock, so the event loop runs."""
    return JsonResponse({"bytes": await asyncio.to_thread(thumbnail_bytes, _pixels(request))})


async def process_pool(request: HttpRequest) -> JsonResponse:
    """Work in another process and wait for it."""
    return JsonResponse({"bytes": await in_process(thumbnail_bytes, _pixels(request))})


def celery(request: HttpRequest) -> HttpResponse:
    """Queue it for Celery's worker; the response names the result's address."""
    # Imported on first use: Celery would delay the start of every target.
    from liveapp import tasks  # noqa: PLC0415

    return accepted(tasks.thumbnail_bytes, _pixels(request))


def _pixels(request: HttpRequest) -> int:
    return whole_number(request, "pixels", default=1_000, low=16, high=MAX_PIXELS)
