"""Calling the external API: the requests, and a view's response if it fails.

    LIVEAPP_API_URL   a real API: https://jsonplaceholder.typicode.com
    UPSTREAM_URL      the companion `upstream.py`, set when it is started

The address comes from the environment alone, never from a request. A real API ignores
`latency` and `error_rate`.
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
    """The API's response is not a todo."""


FAILURES = (requests.RequestException, httpx.HTTPError, ApiFailed)
TIMEOUTS = (requests.Timeout, httpx.TimeoutException)


def todo_url(request: HttpRequest, todo: int = 1) -> str:
    """Return the todo's URL, with the request's ?latency= and ?error_rate=."""
    query = {
        "latency": number(
            request, "latency", default=0.2, low=0, high=MAX_LATENCY_S, unit="seconds"
        ),
        "error_rate": number(request, "error_rate", default=0, low=0, high=1),
    }
    return f"{API_URL}/todos/{todo}?{urlencode(query)}"


def timeout_s(request: HttpRequest) -> float:
    """Return the seconds to wait for the API, from ?timeout=."""
    return number(
        request,
        "timeout",
        default=DEFAULT_TIMEOUT_S,
        low=0.01,
        high=MAX_TIMEOUT_S,
        unit="seconds",
    )


def todo_in(response: requests.Response | httpx.Response) -> dict[str, Any]:
    """Return the todo in a response; raises ApiFailed for an error or other content."""
    if response.status_code != 200:
        raise ApiFailed(f"expected status 200, found {response.status_code}")
    try:
        todo = response.json()
    except ValueError as error:
        raise ApiFailed("expected JSON") from error
    if not isinstance(todo, dict):
        raise ApiFailed("expected a JSON object")
    return todo


def handle_failures(
    view: Callable[[HttpRequest], JsonResponse],
) -> Callable[[HttpRequest], JsonResponse]:
    """Make a sync view respond with 504 if the API is late, 502 if it fails otherwise."""

    @wraps(view)
    def guarded(request: HttpRequest) -> JsonResponse:
        try:
            return view(request)
        except FAILURES as error:
            return _failure(error)

    return guarded


def handle_failures_async(
    view: Callable[[HttpRequest], Coroutine[Any, Any, JsonResponse]],
) -> Callable[[HttpRequest], Coroutine[Any, Any, JsonResponse]]:
    """Make an async view respond likewise."""

    @wraps(view)
    async def guarded(request: HttpRequest) -> JsonResponse:
        try:
            return await view(request)
        except FAILURES as error:
            return _failure(error)

    return guarded


def _failure(error: Exception) -> JsonResponse:
    status = 504 if isinstance(error, TIMEOUTS) else 502
    message = f"the external API: {error or type(error).__name__}"
    return JsonResponse({"message": message}, status=status)
