"""Follows a request to the threads and tasks that it starts; for the sampler.

Each patch passes everything on as it was, and does nothing outside of a visit. They are in place
only where the sampler runs. Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import copy
import functools
import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from liveburst_sampler_works import (
    CoroutineWork,
    ThreadWork,
    Visit,
    current_visit,
    is_followed,
    parent_of,
    register,
)

MARK = "liveburst_sampled"  # on what has been patched
POOLS = "concurrent.futures.thread"  # its threads outlive the call that they were started for


def apply_patches() -> None:
    """Apply every patch that the process has a use for."""
    follow_threads()
    follow_pool(concurrent.futures.ThreadPoolExecutor)
    follow_new_loops()
    for module, patch in (
        ("asgiref.sync", follow_async_to_sync),
        ("asgiref.current_thread_executor", follow_current_thread),
    ):
        try:
            imported = importlib.import_module(module)
        except ImportError:
            continue  # not a Django project
        patch(imported)


def follow_threads() -> None:
    """Follow a visit to the threads that it starts."""
    start: Any = threading.Thread.start
    if hasattr(start, MARK):
        return

    @functools.wraps(start)
    def followed(self: threading.Thread) -> None:
        visit = current_visit()
        target = getattr(self, "_target", None)
        if visit is not None and getattr(target, "__module__", "") != POOLS:
            parent = parent_of(sys._getframe(1))  # noqa: SLF001
            self.run = working(self.run, visit, parent)  # type: ignore[method-assign]
        start(self)

    setattr(followed, MARK, True)
    threading.Thread.start = followed  # type: ignore[method-assign]


def working(function: Callable[..., Any], visit: Visit, parent: int) -> Callable[..., Any]:
    """Return the function so that the thread that runs it works for the visit."""

    def call(*args: Any, **kwargs: Any) -> Any:
        visit.queued.discard(parent)
        try:
            with ThreadWork(visit, parent):
                return function(*args, **kwargs)
        finally:
            visit.returned.add(parent)

    return call


def follow_pool(pool: Any) -> None:
    """Follow a visit to the pool's thread that takes its call."""
    submit = pool.submit
    if hasattr(submit, MARK):
        return

    @functools.wraps(submit)
    def followed(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        visit = current_visit()
        if visit is None:
            return submit(self, function, *args, **kwargs)
        parent = parent_of(sys._getframe(1))  # noqa: SLF001
        visit.queued.add(parent)
        visit.returned.discard(parent)  # of an earlier frame with the same id
        return submit(self, working(function, visit, parent), *args, **kwargs)

    setattr(followed, MARK, True)
    pool.submit = followed


def follow_current_thread(module: Any) -> None:
    """Follow sync work that asgiref passes back to the thread of the request."""
    follow_pool(module.CurrentThreadExecutor)


def follow_async_to_sync(sync: Any) -> None:
    """Follow a visit from a thread to an event loop; in a copy, as instances are shared."""
    call = sync.AsyncToSync.__call__
    if hasattr(call, MARK):
        return

    @functools.wraps(call)
    def followed(self: Any, *args: Any, **kwargs: Any) -> Any:
        visit = current_visit()
        if visit is None:
            return call(self, *args, **kwargs)
        parent = parent_of(sys._getframe(1))  # noqa: SLF001
        make, caller = self.awaitable, copy.copy(self)

        def registered(*args: Any, **kwargs: Any) -> Any:
            awaitable = make(*args, **kwargs)
            register(awaitable, visit, parent)
            return awaitable

        caller.awaitable = registered
        return call(caller, *args, **kwargs)

    setattr(followed, MARK, True)
    sync.AsyncToSync.__call__ = followed


def follow_new_loops() -> None:
    """Follow a visit to the tasks of a loop that it makes, by `asyncio.run` or asgiref."""
    make: Any = asyncio.events.new_event_loop
    if hasattr(make, MARK):
        return

    @functools.wraps(make)
    def followed() -> Any:
        loop = make()
        if current_visit() is not None:
            follow_tasks(loop)
        return loop

    setattr(followed, MARK, True)
    patched: Any = followed
    asyncio.events.new_event_loop = asyncio.new_event_loop = patched


def follow_tasks(loop: Any) -> None:
    """Follow a visit to the tasks that it makes in this loop."""
    earlier: Any = loop.get_task_factory()
    if hasattr(earlier, MARK):
        return
    make: Any = earlier or (
        lambda loop, coroutine, **options: asyncio.Task(coroutine, loop=loop, **options)
    )

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        visit = current_visit()
        if visit is None or not is_followed(coroutine):
            return make(loop, coroutine, **options)
        work = CoroutineWork(coroutine, visit, parent_of(sys._getframe(1)))  # noqa: SLF001
        task = make(loop, coroutine, **options)
        work.is_in(task)
        return task

    setattr(factory, MARK, True)
    loop.set_task_factory(factory)
