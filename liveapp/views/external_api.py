"""Calling an external API: by requests or httpx, with a client for each request or a shared one."""

import httpx
import requests
from django.http import HttpRequest, JsonResponse

from liveapp.clients import shared_async_client, shared_client, shared_session
from liveapp.external import handle_failures, handle_failures_async, timeout_s, todo_in, todo_url


@handle_failures
def sync_requests(request: HttpRequest) -> JsonResponse:
    """Call `requests.get`, which opens a connection each time."""
    response = requests.get(todo_url(request), timeout=timeout_s(request))  # nosec B113 - its own time limit
    return JsonResponse(todo_in(response))


@handle_failures
def sync_requests_shared(request: HttpRequest) -> JsonResponse:
    """Call by a Session that all requests share, over open connections."""
    response = shared_session().get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@handle_failures
def sync_httpx(request: HttpRequest) -> JsonResponse:
    """Call `httpx.get`, which makes a client each time and loads its certificates."""
    response = httpx.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@handle_failures
def sync_httpx_shared(request: HttpRequest) -> JsonResponse:
    """Call by a client that all requests share."""
    response = shared_client().get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@handle_failures_async
async def async_httpx(request: HttpRequest) -> JsonResponse:
    """Make an async client for this request, as most examples do. That blocks the event loop."""
    async with httpx.AsyncClient() as client:
        response = await client.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@handle_failures_async
async def async_httpx_shared(request: HttpRequest) -> JsonResponse:
    """Call by an async client that all requests of an event loop share."""
    client = await shared_async_client()
    response = await client.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))
