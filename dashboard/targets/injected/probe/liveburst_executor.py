"""Sets the number of threads of an event loop's default executor, as an experiment.

LIVEBURST_EXECUTOR is that number; without it nothing of this is imported. The executor is that of
`asyncio.to_thread`, of `run_in_executor(None, …)` and of `sync_to_async(thread_sensitive=False)`.
It is set when a loop first calls the application, which is before the project has used it, and so
is any that the project sets later: its own limit would make the lane another than its name says.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Optional

VARIABLE = "LIVEBURST_EXECUTOR"


def with_executor(application: Any) -> Callable[[Any, Any, Any], Any]:
    """Return the project's ASGI application so that each loop that calls it has the executor."""
    threads = int(os.environ[VARIABLE])
    limited: list[Optional[Any]] = [None]  # the loop that called it last

    def call(scope: Any, receive: Any, send: Any) -> Any:
        loop = asyncio.get_running_loop()
        if loop is not limited[0]:
            limited[0] = loop
            limit_executor(loop, threads)
        return application(scope, receive, send)

    return call


def limit_executor(loop: Any, threads: int) -> None:
    """Limit the present default executor of a loop, or give it one, and those that it is given."""
    set_default = loop.set_default_executor
    present = getattr(loop, "_default_executor", None)  # uvloop does not show its own
    if present is None:
        set_default(ThreadPoolExecutor(threads, thread_name_prefix="asyncio"))
    else:
        limit(present, threads)

    def set_limited(executor: Any) -> None:
        limit(executor, threads)
        set_default(executor)

    try:
        loop.set_default_executor = set_limited
    except AttributeError:
        pass  # a loop whose methods cannot be replaced


def limit(executor: Any, threads: int) -> None:
    """Let a pool have so many threads; it starts those that it lacks when calls are queued."""
    if isinstance(executor, ThreadPoolExecutor):
        executor._max_workers = threads  # noqa: SLF001 - there is no public way
