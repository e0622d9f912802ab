"""Calling an external API: by requests or httpx, with a client for each request or a shared one."""

import httpx
import requests
from django.http import HttpRequest, JsonResponse

from liveapp.clients import shared_async_client, shared_client, shared_session
from liveapp.external import answering, answering_async, timeout_s, todo_in, todo_url


@answering
def sync_requests(request: HttpRequest) -> JsonResponse:
    """Call `requests.get`, which opens a connection each time."""
    response = requests.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@answering
def sync_requests_shared(request: HttpRequest) -> JsonResponse:
    """Call by a Session that all requests share, over connections that are open already."""
    response = shared_session().get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@answering
def sync_httpx(request: HttpRequest) -> JsonResponse:
    """Call `httpx.get`, which makes a client each time, certificates and all."""
    response = httpx.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@answering
def sync_httpx_shared(request: HttpRequest) -> JsonResponse:
    """Call by a client that all requests share."""
    response = shared_client().get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@answering_async
async def async_httpx(request: HttpRequest) -> JsonResponse:
    """Make an async client for this request, as most examples do. That blocks the event loop."""
    async with httpx.AsyncClient() as client:
        response = await client.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))


@answering_async
async def async_httpx_shared(request: HttpRequest) -> JsonResponse:
    """Call by an async client that all requests of an event loop share."""
    client = await shared_async_client()
    response = await client.get(todo_url(request), timeout=timeout_s(request))
    return JsonResponse(todo_in(response))
