"""Reads limit, threads and queue of thread pools, without the bystander's calls.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import concurrent.futures
import sys
import threading
from collections.abc import Callable
from typing import Any

from liveburst_counters import BYSTANDER, LOAD
from liveburst_once import Once
from liveburst_request import current_counters
from liveburst_threads import in_same_request


def watch_executors() -> None:
    """Count, for each thread pool, the bystander's calls that wait in its queue."""
    submit: Any = concurrent.futures.ThreadPoolExecutor.submit
    if hasattr(submit, "liveburst"):
        return

    def counted_submit(self: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        if current_counters() is LOAD:
            self.liveburst_used_by_load = True
            return submit(self, function, *args, **kwargs)
        leave_queue, work = Once(QueuedBystanderCall(self).leave), in_same_request(function)

        def call(*args: Any, **kwargs: Any) -> Any:
            leave_queue()
            return work(*args, **kwargs)

        future = submit(self, call, *args, **kwargs)
        future.add_done_callback(lambda _: leave_queue())  # it may be cancelled before it begins
        return future

    counted_submit.liveburst = True  # type: ignore[attr-defined]
    concurrent.futures.ThreadPoolExecutor.submit = counted_submit  # type: ignore[method-assign]


class QueuedBystanderCall:
    """One of the bystander's calls while it waits in a pool's queue."""

    def __init__(self, executor: Any) -> None:
        self.executor = executor
        self.add(1)

    def leave(self) -> None:
        """Leave the queue: a thread took the call, or it was cancelled."""
        self.add(-1)

    def add(self, number: int) -> None:
        """Change the count, which is an attribute of the pool and ends with it."""
        with BYSTANDER.lock:
            self.executor.liveburst_bystander_queued = bystander_queued(self.executor) + number


def bystander_queued(executor: Any) -> int:
    """Return the number of the bystander's calls in this pool's queue."""
    number: int = getattr(executor, "liveburst_bystander_queued", 0)
    return number


def load_queued(executor: Any) -> int:
    """Return the number of the load's calls in this pool's queue."""
    queued: int = executor._work_queue.qsize()  # noqa: SLF001 - there is no public way
    return max(0, queued - bystander_queued(executor))


def used_by_bystander_alone(executor: Any) -> bool:
    """Return True if the bystander has used this pool and the load has not."""
    return hasattr(executor, "liveburst_bystander_queued") and not hasattr(
        executor, "liveburst_used_by_load"
    )


class DefaultExecutor:
    """The event loop's default executor. Its numbers are read off and never computed.

    Its limit follows the CPU affinity from Python 3.13 on, and a project may set another one.
    """

    def __init__(self, loop: Any) -> None:
        self.loop = loop
        self.seen: Any = None  # the pool, where the loop does not show it
        if not hasattr(loop, "_default_executor") and hasattr(loop, "run_in_executor"):
            self.look_once()  # uvloop has it in a private C attribute

    def read(self) -> list[int] | None:
        """Return limit, threads and queued calls; None if the load has not used it."""
        executor = getattr(self.loop, "_default_executor", self.seen)
        try:
            threads = len(executor._threads)  # noqa: SLF001 - there is no public way
            numbers = [executor._max_workers, threads, load_queued(executor)]  # noqa: SLF001
        except AttributeError:
            return None
        return None if used_by_bystander_alone(executor) else numbers

    def look_once(self) -> None:
        """Learn the pool from the first call that goes to the default executor."""
        run = self.loop.run_in_executor

        def run_in_executor(executor: Any, function: Callable[..., Any], *args: Any) -> Any:
            if executor is not None:
                return run(executor, function, *args)
            del self.loop.run_in_executor  # the loop's own method is back
            return run(None, self.looking(function), *args)

        try:
            self.loop.run_in_executor = run_in_executor
        except AttributeError:
            pass  # a loop whose methods cannot be replaced

    def looking(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function so that it also notes the pool whose thread it runs in."""

        def call(*args: Any) -> Any:
            try:
                thread: Any = threading.current_thread()
                self.seen = thread._args[0]()  # noqa: SLF001 - a weak reference to the pool
            except (AttributeError, IndexError, TypeError):
                pass
            return function(*args)

        return call


def queued_for_single_thread() -> int | None:
    """Return the calls queued for asgiref's one thread for sync work; None if it is unused.

    All sync work of a process shares it that belongs to no request of Django's: of consumers,
    and of applications beside Django. Django's own requests have a thread each.
    """
    bridge = getattr(sys.modules.get("asgiref.sync"), "SyncToAsync", None)
    executor: Any = getattr(bridge, "single_thread_executor", None)
    try:
        if not executor._threads or used_by_bystander_alone(executor):  # noqa: SLF001
            return None
        return load_queued(executor)
    except AttributeError:
        return None
