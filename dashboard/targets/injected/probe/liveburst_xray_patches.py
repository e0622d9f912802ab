"""Where the X-ray looks: asgiref, threads, and Django's signals, middleware, views and queries.

Each patch hands everything on as it was and records nothing while no request is traced. What a
project does not have (asgiref, Django) is left out.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import functools
import importlib
import inspect
import threading
from collections.abc import Callable
from types import MethodType
from typing import Any

from liveburst_xray_trace import (
    CURRENT,
    Recorded,
    Span,
    carried,
    thread_number,
    traced,
    within,
    working,
)

# Calls whose work runs somewhere else. While one of these is current and its work is not yet,
# whatever is handed to an executor belongs to the way there.
HOPS = ("sync_to_async", "async_to_sync", "to_thread", "executor")
STAGES = (
    "process_request",
    "process_view",
    "process_exception",
    "process_template_response",
    "process_response",
)


def watch() -> None:
    """Put every patch in its place; done once in a process, before the project is imported."""
    watch_threads()
    watch_executors()
    watch_to_thread()
    for module, patch in (
        ("asgiref.sync", watch_sync_to_async),
        ("asgiref.sync", watch_async_to_sync),
        ("django.dispatch", watch_signals),
        ("django.core.handlers.base", watch_middleware),
        ("django.core.handlers.base", watch_views),
        ("django.db.backends.utils", watch_queries),
        ("django.db.backends.base.base", watch_connections),
        ("django.template.base", watch_templates),
    ):
        try:
            found = importlib.import_module(module)
        except ImportError:
            continue  # not a Django project
        patch(found)


def is_async(function: Any) -> bool:
    """Django's own idea of what is a coroutine function, class-based views included."""
    return bool(importlib.import_module("asgiref.sync").iscoroutinefunction(function))


def watch_threads() -> None:
    """Every thread that is started: how long that took, and what it runs."""
    start = threading.Thread.start

    @functools.wraps(start)
    def recorded(self: threading.Thread) -> None:
        with Recorded("thread", self.name) as span:
            # A pool's thread outlives what it was started for: its work is recorded one by one.
            target = getattr(self, "_target", None)
            pooled = getattr(target, "__module__", None) == "concurrent.futures.thread"
            if span is not None and not pooled:
                self.run = working(span, self.run, self.name)  # type: ignore[method-assign]
            start(self)
            if span is not None:
                span.extra["started"] = thread_number(self)

    threading.Thread.start = recorded  # type: ignore[method-assign]


def watch_executors() -> None:
    """Work handed to a pool of threads directly, or by `loop.run_in_executor`."""
    submit: Any = concurrent.futures.ThreadPoolExecutor.submit

    @functools.wraps(submit)
    def recorded(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        current = traced()
        if current is None:
            return submit(self, function, *args, **kwargs)
        if current.kind in HOPS:
            return submit(self, carried(current, function), *args, **kwargs)
        hop = current.trace.open("executor", function, current)
        CURRENT.set(hop)  # a thread that must be started for it is part of the hop
        try:
            future = submit(self, working(hop, function), *args, **kwargs)
        except BaseException:
            hop.end()
            raise
        finally:
            CURRENT.set(current)
        future.add_done_callback(lambda _: hop.end())
        return future

    concurrent.futures.ThreadPoolExecutor.submit = recorded  # type: ignore[method-assign]


def watch_to_thread() -> None:
    """`asyncio.to_thread`, under both of its names."""
    to_thread: Any = asyncio.to_thread

    @functools.wraps(to_thread)
    async def recorded(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        with Recorded("to_thread", function) as hop:
            work = function if hop is None else working(hop, function)
            return await to_thread(work, *args, **kwargs)

    asyncio.to_thread = recorded
    asyncio.threads.to_thread = recorded


def watch_sync_to_async(sync: Any) -> None:
    """From the event loop to a thread. The work is recorded by a copy, as instances are shared."""
    call = sync.SyncToAsync.__call__

    @functools.wraps(call)
    async def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        with Recorded("sync_to_async", self.func) as hop:
            if hop is None:
                return await call(self, *args, **kwargs)
            hop.extra["thread_sensitive"] = bool(getattr(self, "_thread_sensitive", True))
            caller = copy.copy(self)
            caller.func = working(hop, self.func)
            return await call(caller, *args, **kwargs)

    sync.SyncToAsync.__call__ = recorded


def watch_async_to_sync(sync: Any) -> None:
    """From a thread to an event loop, which is that of the request or a new one."""
    call = sync.AsyncToSync.__call__

    @functools.wraps(call)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        with Recorded("async_to_sync", self.awaitable) as hop:
            if hop is None:
                return call(self, *args, **kwargs)
            awaitable = self.awaitable

            async def work(*args: Any, **kwargs: Any) -> Any:
                with Recorded("work", awaitable, hop):
                    return await awaitable(*args, **kwargs)

            caller = copy.copy(self)
            caller.awaitable = work
            return call(caller, *args, **kwargs)

    sync.AsyncToSync.__call__ = recorded


def watch_signals(dispatch: Any) -> None:
    """Signals that somebody listens to, and each receiver."""
    signal = dispatch.Signal
    for name in ("send", "send_robust", "asend", "asend_robust"):
        if hasattr(signal, name):
            setattr(signal, name, sending(getattr(signal, name)))
    live_receivers = signal._live_receivers  # noqa: SLF001 - there is no public way to them

    @functools.wraps(live_receivers)
    def recorded(self: Any, sender: Any) -> Any:
        found = live_receivers(self, sender)
        current = traced()
        if current is None or current.kind != "signal":
            return found
        if isinstance(found, tuple):  # since Django 5.0 sync and async receivers stand apart
            return tuple(receivers(some, current) for some in found)
        return receivers(found, current)

    signal._live_receivers = recorded  # noqa: SLF001


def sending(send: Callable[..., Any]) -> Callable[..., Any]:
    """A signal's method that sends, recorded where it is heard by anybody."""
    if inspect.iscoroutinefunction(send):

        @functools.wraps(send)
        async def asend(self: Any, sender: Any, **named: Any) -> Any:
            if traced() is None or not self.has_listeners(sender):
                return await send(self, sender, **named)
            with Recorded("signal", self):
                return await send(self, sender, **named)

        return asend

    @functools.wraps(send)
    def recorded(self: Any, sender: Any, **named: Any) -> Any:
        if traced() is None or not self.has_listeners(sender):
            return send(self, sender, **named)
        with Recorded("signal", self):
            return send(self, sender, **named)

    return recorded


def receivers(found: list[Any], sent: Span) -> list[Any]:
    """The same receivers, recorded.

    Async ones run at the same time and, since Django 6, in one context: what is current
    there may be another's.
    """
    return [
        within("receiver", one, one, is_async(one), sent if is_async(one) else None)
        for one in found
    ]


def watch_middleware(base: Any) -> None:
    """Each middleware as a whole, and its stages, as Django builds the chain out of them."""
    find, convert = base.import_string, base.convert_exception_to_response

    def import_string(path: str) -> Any:
        middleware = find(path)

        def make(get_response: Any) -> Any:
            return with_stages(middleware(get_response))

        make.sync_capable = getattr(middleware, "sync_capable", True)  # type: ignore[attr-defined]
        make.async_capable = getattr(middleware, "async_capable", False)  # type: ignore[attr-defined]
        return make

    def convert_exception_to_response(get_response: Any) -> Any:
        handler = convert(get_response)
        if isinstance(getattr(get_response, "__self__", None), base.BaseHandler):
            return handler  # the inside of the chain, where the view is
        return within("middleware", handler, get_response, is_async(handler))

    base.import_string = import_string
    base.convert_exception_to_response = convert_exception_to_response


def with_stages(middleware: Any) -> Any:
    """The same middleware object, with its `process_…` methods recorded."""
    for name in STAGES:
        method = getattr(middleware, name, None)
        if not callable(method):
            continue
        stage = within("stage", dropping_self(method), method, is_async(method))
        try:
            # A bound method: Django asks it for its object.
            setattr(middleware, name, MethodType(stage, middleware))
        except AttributeError:
            continue  # it has slots; its whole is recorded all the same
    return middleware


def dropping_self(method: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the object and its arguments, for a method that is bound already."""

    @functools.wraps(method)
    def call(_: Any, *args: Any, **kwargs: Any) -> Any:
        return method(*args, **kwargs)

    return call


def watch_views(base: Any) -> None:
    """The view, in its own thread: both of Django's handlers call `make_view_atomic` once."""
    make = base.BaseHandler.make_view_atomic

    @functools.wraps(make)
    def make_view_atomic(self: Any, view: Any) -> Any:
        atomic = make(self, view)
        return within("view", atomic, view, is_async(atomic))

    # The probe then leaves it alone: its stamps would stand between the hop and the view.
    make_view_atomic.liveburst = True  # type: ignore[attr-defined]
    base.BaseHandler.make_view_atomic = make_view_atomic


def watch_queries(utils: Any) -> None:
    """Every statement that goes through a cursor of Django's. Its parameters are not looked at."""
    for name in ("execute", "executemany", "callproc"):
        around(utils.CursorWrapper, name, "query", lambda args: args[1] if len(args) > 1 else "")


def watch_connections(base: Any) -> None:
    """Connecting to a database."""
    around(base.BaseDatabaseWrapper, "connect", "connect", lambda args: f"{args[0].alias}")


def watch_templates(base: Any) -> None:
    """Rendering a template of Django's own language."""
    around(base.Template, "render", "template", lambda args: f"{args[0].name or 'a string'}")


def around(owner: Any, name: str, kind: str, thing: Callable[[tuple[Any, ...]], Any]) -> None:
    """Record each call of a sync method; `thing` finds what it is about in its arguments."""
    method = getattr(owner, name)

    @functools.wraps(method)
    def recorded(*args: Any, **kwargs: Any) -> Any:
        with Recorded(kind, thing(args)):
            return method(*args, **kwargs)

    setattr(owner, name, recorded)
