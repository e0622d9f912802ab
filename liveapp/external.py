"""Calling the external API: what is asked of it, and what a view answers when it fails.

    LIVEAPP_API_URL   a real one: https://jsonplaceholder.typicode.com
    UPSTREAM_URL      the companion `upstream.py`, which brings it

Only the environment names it, never a request. A real one does not care how slow and how
unreliable it is asked to be.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any
from urllib.parse import urlencode

import httpx
import requests
from django.http import HttpRequest, JsonResponse

from .parameters import number

API_URL = os.environ.get("LIVEAPP_API_URL") or os.environ.get(
    "UPSTREAM_URL", "http://127.0.0.1:8900"
)
MAX_LATENCY_S = 10.0
DEFAULT_TIMEOUT_S, MAX_TIMEOUT_S = 15.0, 30.0


class ApiFailed(Exception):
    """The API has answered, but not with what it was asked for."""


FAILURES = (requests.RequestException, httpx.HTTPError, ApiFailed)
TIMEOUTS = (requests.Timeout, httpx.TimeoutException)


def todo_url(request: HttpRequest, todo: int = 1) -> str:
    """Where the API has this todo, by the request's ?latency= and ?error_rate=."""
    asked = {
        "latency": number(
            request, "latency", default=0.2, low=0, high=MAX_LATENCY_S, unit="seconds"
        ),
        "error_rate": number(request, "error_rate", default=0, low=0, high=1),
    }
    return f"{API_URL}/todos/{todo}?{urlencode(asked)}"


def timeout_s(request: HttpRequest) -> float:
    """Seconds to wait for the API, from ?timeout=."""
    return number(
        request,
        "timeout",
        default=DEFAULT_TIMEOUT_S,
        low=0.01,
        high=MAX_TIMEOUT_S,
        unit="seconds",
    )


def todo_in(response: requests.Response | httpx.Response) -> dict[str, Any]:
    """The todo that the API has answered. Raises ApiFailed where it is an error or no JSON."""
    if response.status_code != 200:
        raise ApiFailed(f"expected status 200, found {response.status_code}")
    try:
        todo = response.json()
    except ValueError as error:
        raise ApiFailed("expected JSON") from error
    if not isinstance(todo, dict):
        raise ApiFailed("expected a JSON object")
    return todo


def answering(view: Callable[[HttpRequest], JsonResponse]) -> Callable[[HttpRequest], JsonResponse]:
    """The sync view, answering 504 where the API is late and 502 where it fails otherwise."""

    @wraps(view)
    def answered(request: HttpRequest) -> JsonResponse:
        try:
            return view(request)
        except FAILURES as error:
            return _failure(error)

    return answered


def answering_async(
    view: Callable[[HttpRequest], Coroutine[Any, Any, JsonResponse]],
) -> Callable[[HttpRequest], Coroutine[Any, Any, JsonResponse]]:
    """The same for an async view."""

    @wraps(view)
    async def answered(request: HttpRequest) -> JsonResponse:
        try:
            return await view(request)
        except FAILURES as error:
            return _failure(error)

    return answered


def _failure(error: Exception) -> JsonResponse:
    status = 504 if isinstance(error, TIMEOUTS) else 502
    message = f"the external API: {error or type(error).__name__}"
    return JsonResponse({"message": message}, status=status)
