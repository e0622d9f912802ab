"""Threads and thread pools as the probe counts and reads them."""

from __future__ import annotations

import asyncio
import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from .calls import Probe


def test_started_threads_are_counted(probe: Probe) -> None:
    probe.threads.watch_threads()
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert probe.counters.LOAD.report()["threads_started"] == 1


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_the_default_executor_is_read_off_the_loop(probe: Probe, loops: str) -> None:
    def held(inside: threading.Barrier, free: threading.Event) -> None:
        inside.wait()
        free.wait()

    async def look() -> tuple[Any, Any]:
        loop = asyncio.get_running_loop()
        executor = probe.pools.DefaultExecutor(loop)
        unused = executor.read()
        limit = ThreadPoolExecutor()._max_workers  # what it is by default, here and now
        inside, free = threading.Barrier(limit + 1), threading.Event()

        def released() -> None:
            free.wait()

        calls = [loop.run_in_executor(None, held, inside, free) for _ in range(limit)]
        calls += [loop.run_in_executor(None, released) for _ in range(3)]
        inside.wait()
        busy = executor.read()
        free.set()
        await asyncio.gather(*calls)
        assert busy == [limit, limit, 3]
        return unused, executor.read()

    make = importlib.import_module(loops).new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        unused, after = runner.run(look())
    assert unused is None
    assert after[2] == 0
