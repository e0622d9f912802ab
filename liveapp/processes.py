"""A pool of processes for each process of the server, started on first use."""

import asyncio
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from threading import Lock

PROCESSES = 2  # as many as Celery's worker has

_lock = Lock()
_pool: ProcessPoolExecutor | None = None


async def in_process(work: Callable[[int], int], argument: int) -> int:
    """Do the work in a process of the pool, and await it without blocking the event loop.

    Raises BrokenProcessPool if a process of the pool ended; the next call starts a new pool.
    """
    pool = _ready()
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, work, argument)
    except BrokenProcessPool:
        _forget(pool)
        raise


def _ready() -> ProcessPoolExecutor:
    global _pool  # noqa: PLW0603 - there is one per process
    with _lock:
        if _pool is None:
            # Spawned, not forked: a server has threads, whose locks a fork would inherit.
            context = multiprocessing.get_context("spawn")
            _pool = ProcessPoolExecutor(PROCESSES, mp_context=context)
        return _pool


def _forget(pool: ProcessPoolExecutor) -> None:
    global _pool  # noqa: PLW0603
    with _lock:
        if _pool is pool:
            _pool = None
