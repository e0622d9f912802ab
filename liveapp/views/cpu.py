"""Computing in plain Python: in the view, in a thread, in another process, in Celery's worker."""

import asyncio

from django.http import HttpRequest, HttpResponse, JsonResponse

from liveapp.parameters import whole_number
from liveapp.processes import in_process
from liveapp.work import primes_below

from .results import accepted

MAX_LIMIT = 2_000_000


def sync(request: HttpRequest) -> JsonResponse:
    """Compute in the view's thread."""
    return JsonResponse({"primes": primes_below(_limit(request))})


async def async_naive(request: HttpRequest) -> JsonResponse:
    """Compute in the event loop, which is blocked meanwhile."""
    return JsonResponse({"primes": primes_below(_limit(request))})


async def async_threads(request: HttpRequest) -> JsonResponse:
    """Compute in a thread: the event loop runs when the interpreter switches to it."""
    return JsonResponse({"primes": await asyncio.to_thread(primes_below, _limit(request))})


async def process_pool(request: HttpRequest) -> JsonResponse:
    """Compute in another process and wait for it."""
    return JsonResponse({"primes": await in_process(primes_below, _limit(request))})


def celery(request: HttpRequest) -> HttpResponse:
    """Queue it for Celery's worker; the response names the result's address."""
    # Imported on first use: Celery would delay the start of every target.
    from liveapp import tasks  # noqa: PLC0415

    return accepted(tasks.primes_below, _limit(request))


def _limit(request: HttpRequest) -> int:
    return whole_number(request, "limit", default=200_000, low=1, high=MAX_LIMIT)
