"""The default executor has as many threads as the lane names, whatever the project does."""

from __future__ import annotations

import asyncio
import importlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from . import calls
from .calls import Probe

THREADS = 40  # more than the default, which is 32 at most
PATIENCE_S = 30.0
Prepare = Callable[[asyncio.AbstractEventLoop], Any]


def nothing(loop: asyncio.AbstractEventLoop) -> None:
    """The project leaves its loop as it is."""


def own_executor(loop: asyncio.AbstractEventLoop) -> None:
    """The project sets an executor of its own, in its first request."""
    loop.set_default_executor(ThreadPoolExecutor(2))


@pytest.mark.parametrize("prepare", [nothing, own_executor])
@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_so_many_calls_run_at_once(
    loops: str, prepare: Prepare, probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEBURST_EXECUTOR", str(THREADS))
    together = threading.Barrier(THREADS)
    prepared: list[None] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if not prepared:
            prepared.append(prepare(asyncio.get_running_loop()))
        await asyncio.to_thread(together.wait, PATIENCE_S)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    served = calls.wrapped(probe, probe.executor.with_executor(application), "asgi")

    async def serve() -> Any:
        executor = probe.pools.DefaultExecutor(asyncio.get_running_loop())
        await asyncio.gather(*(calls.ask(served, "/") for _ in range(THREADS)))
        return executor.read()

    with asyncio.Runner(loop_factory=importlib.import_module(loops).new_event_loop) as runner:
        assert runner.run(serve()) == [THREADS, THREADS, 0]


def test_one_that_the_loop_has_already_is_limited_too(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVEBURST_EXECUTOR", "2")

    async def application(scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing."""

    async def serve() -> Any:
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, int)
        executor = loop._default_executor  # type: ignore[attr-defined]
        await probe.executor.with_executor(application)({"type": "lifespan"}, None, None)
        return executor._max_workers

    assert asyncio.run(serve()) == 2
