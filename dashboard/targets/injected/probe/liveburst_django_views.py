"""Stamps Django's views from outside; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from typing import Any

from liveburst_loop import running_here
from liveburst_request import NO_VIEW, UNKNOWN, now, request_of


def watch_views() -> None:
    """Stamp Django's views, in their own thread: both handlers call `make_view_atomic` once.

    (A `process_view` middleware would cost a thread hop, and runs before the view's thread.)
    """
    handler = getattr(sys.modules.get("django.core.handlers.base"), "BaseHandler", None)
    make = getattr(handler, "make_view_atomic", None)
    if make is None or hasattr(make, "liveburst"):
        return
    # Django's own notion of a coroutine function, class-based views included.
    is_async = importlib.import_module("asgiref.sync").iscoroutinefunction

    def make_view_atomic(self: Any, view: Any) -> Any:
        view = make(self, view)
        return stamped_async(view) if is_async(view) else stamped_sync(view)

    make_view_atomic.liveburst = True  # type: ignore[attr-defined]
    handler.make_view_atomic = make_view_atomic  # type: ignore[union-attr]
    for name in ("get_response", "get_response_async"):
        setattr(handler, name, without_a_view_yet(getattr(handler, name)))


def without_a_view_yet(get_response: Callable[..., Any]) -> Callable[..., Any]:
    """Return Django's entrance so that each request is known to have no view until one is called.

    A plain function for both: what the async one returns is awaited by its caller, as before.
    """

    @functools.wraps(get_response)
    def entered(self: Any, django_request: Any) -> Any:
        request = request_of(django_request)
        if request.view_entered == UNKNOWN:
            request.view_entered = NO_VIEW
        return get_response(self, django_request)

    return entered


def stamped_sync(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the sync view, with stamps before and after it."""

    def timed(django_request: Any, *args: Any, **kwargs: Any) -> Any:
        request = request_of(django_request)
        request.counters.enter_view()
        request.view_entered = now()
        try:
            return view(django_request, *args, **kwargs)
        finally:
            request.view_left = now()
            request.counters.leave_view()

    return timed


def stamped_async(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return the async view, with stamps before and after it."""

    async def timed(django_request: Any, *args: Any, **kwargs: Any) -> Any:
        request, watched = request_of(django_request), running_here()
        request.counters.enter_view()
        request.view_entered = now()
        if watched is not None:
            watched.enter_view(request.view_entered)
        try:
            return await view(django_request, *args, **kwargs)
        finally:
            request.view_left = now()
            if watched is not None:
                watched.leave_view(request.view_left)
            request.counters.leave_view()

    return timed
