"""Records thread hops and started threads: the standard library's and asgiref's ways to a thread.

Part of the X-ray. Standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import functools
import threading
from typing import Any

from liveburst_xray_spans import Recorded, with_current, work_of
from liveburst_xray_trace import CURRENT_SPAN, current_span, thread_number

# Calls whose work runs on another thread. While one of these is the current span, whatever is
# submitted to an executor belongs to the hop itself.
HOPS = ("sync_to_async", "async_to_sync", "to_thread", "executor")


def trace_threads() -> None:
    """Record every thread that is started: how long the start took, and what the thread runs."""
    start = threading.Thread.start

    @functools.wraps(start)
    def recorded(self: threading.Thread) -> None:
        with Recorded("thread", self.name) as span:
            # A pool's thread outlives the call it was started for: its work is recorded by call.
            target = getattr(self, "_target", None)
            pooled = getattr(target, "__module__", None) == "concurrent.futures.thread"
            if span is not None and not pooled:
                self.run = work_of(span, self.run, self.name)  # type: ignore[method-assign]
            start(self)
            if span is not None:
                span.extra["started"] = thread_number(self)

    threading.Thread.start = recorded  # type: ignore[method-assign]


def trace_executors() -> None:
    """Record work submitted to a thread pool, directly or by `loop.run_in_executor`."""
    submit: Any = concurrent.futures.ThreadPoolExecutor.submit

    @functools.wraps(submit)
    def recorded(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        current = current_span()
        if current is None:
            return submit(self, function, *args, **kwargs)
        if current.kind in HOPS:
            return submit(self, with_current(current, function), *args, **kwargs)
        hop = current.trace.open("executor", function, current)
        CURRENT_SPAN.set(hop)  # a thread that must be started for it is part of the hop
        try:
            future = submit(self, work_of(hop, function), *args, **kwargs)
        except BaseException:
            hop.end()
            raise
        finally:
            CURRENT_SPAN.set(current)
        future.add_done_callback(lambda _: hop.end())
        return future

    concurrent.futures.ThreadPoolExecutor.submit = recorded  # type: ignore[method-assign]


def trace_to_thread() -> None:
    """Record `asyncio.to_thread`, under both of its names."""
    to_thread: Any = asyncio.to_thread

    @functools.wraps(to_thread)
    async def recorded(function: Any, /, *args: Any, **kwargs: Any) -> Any:
        with Recorded("to_thread", function) as hop:
            work = function if hop is None else work_of(hop, function)
            return await to_thread(work, *args, **kwargs)

    asyncio.to_thread = recorded
    asyncio.threads.to_thread = recorded


def trace_sync_to_async(sync: Any) -> None:
    """Record hops from the event loop to a thread; in a copy, as instances are shared."""
    call = sync.SyncToAsync.__call__

    @functools.wraps(call)
    async def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        with Recorded("sync_to_async", self.func) as hop:
            if hop is None:
                return await call(self, *args, **kwargs)
            hop.extra["thread_sensitive"] = bool(getattr(self, "_thread_sensitive", True))
            caller = copy.copy(self)
            caller.func = work_of(hop, self.func)
            return await call(caller, *args, **kwargs)

    sync.SyncToAsync.__call__ = recorded


def trace_async_to_sync(sync: Any) -> None:
    """Record hops from a thread to an event loop, which is the request's own or a new one."""
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
