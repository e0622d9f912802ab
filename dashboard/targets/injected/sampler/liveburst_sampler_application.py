"""The project's application while the sampler looks at it: requests of the load are visits.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Iterator
from typing import Any, Optional

from liveburst_body import until_closed
from liveburst_counters import LOAD
from liveburst_once import Once
from liveburst_request import Request, current_request
from liveburst_sampler_patches import follow_tasks
from liveburst_sampler_works import ThreadWork, Visit, enter, register, share_this_thread


def is_loads(request: Optional[Request]) -> bool:
    """Return True for a request of the load, or of no probe; False for the bystander's."""
    return request is None or request.counters is LOAD


class SampledWSGI:
    """The project's WSGI application; `start`, called for each request, starts the sampler."""

    def __init__(self, application: Any, start: Callable[[], None]) -> None:
        self.application = application
        self.start = start

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Answer a request as the project does."""
        request = current_request()
        if not is_loads(request):
            return self.application(environ, start_response)
        self.start()
        visit = enter(request)
        if visit is None:
            return self.application(environ, start_response)
        try:
            with ThreadWork(visit):
                body = self.application(environ, start_response)
        except BaseException:
            visit.leave()
            raise
        wrapper = environ.get("wsgi.file_wrapper")
        if is_made_piece_by_piece(body, wrapper):
            body = SampledBody(body, visit)
        return until_closed(body, wrapper, Once(visit.leave))


def is_made_piece_by_piece(body: Any, file_wrapper: Any) -> bool:
    """Return True if the application runs while the server reads the body."""
    if isinstance(file_wrapper, type) and isinstance(body, file_wrapper):
        return False
    return isinstance(body, types.GeneratorType) or bool(getattr(body, "streaming", False))


class SampledBody:
    """A body whose pieces are made while the server reads them."""

    def __init__(self, body: Any, visit: Visit) -> None:
        self.body = body
        self.visit = visit
        if hasattr(body, "close"):
            self.close = body.close

    def __iter__(self) -> Iterator[Any]:
        pieces = iter(self.body)
        while True:
            with ThreadWork(self.visit):
                try:
                    piece = next(pieces)
                except StopIteration:
                    return
            yield piece


class SampledASGI:
    """The project's ASGI application; `start`, called for each request, starts the sampler."""

    def __init__(self, application: Any, start: Callable[[], None]) -> None:
        self.application = application
        self.start = start
        self.loop: Any = None  # the one whose tasks are followed

    def follow(self, loop: Any) -> None:
        """Follow requests to the tasks of a loop, whose thread runs the code of all in turn."""
        if loop is not self.loop:
            share_this_thread()
            follow_tasks(loop)
            self.loop = loop

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Answer a request as the project does."""
        request = current_request()
        if scope["type"] != "http" or not is_loads(request):
            await self.application(scope, receive, send)
            return
        self.start()
        visit = enter(request)
        if visit is None:
            await self.application(scope, receive, send)
            return
        self.follow(asyncio.get_running_loop())
        try:
            call = self.application(scope, receive, send)
            work = register(call, visit, 0)
            if work is not None:
                work.is_in(asyncio.current_task())
            await call
        finally:
            visit.leave()
