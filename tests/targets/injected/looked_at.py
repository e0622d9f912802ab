"""Planted work that is held in its place while a sampler looks at it."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from asgiref.current_thread_executor import CurrentThreadExecutor
from asgiref.sync import AsyncToSync

from . import calls
from .calls import Probe

PATIENCE_S = 30.0
LOOKS = 3
GAP_S = 0.01  # between two looks
INTERVAL_NS = 5_000_000
Work = Callable[[], Any]


class Seen(NamedTuple):
    """A stack as it was seen: its functions, the outermost first, and its part of the time."""

    state: str
    note: str
    functions: tuple[str, ...]
    share: float


class Gate:
    """Holds planted code in its place while it is looked at."""

    def __init__(self, parties: int = 1) -> None:
        self.arrived = threading.Semaphore(0)
        self.free = threading.Event()
        self.parties = parties

    def block(self) -> None:
        """Block the calling thread."""
        self.arrived.release()
        assert self.free.wait(PATIENCE_S)

    def compute(self) -> None:
        """Compute, in Python."""
        self.arrived.release()
        until_s = time.monotonic() + PATIENCE_S
        while not self.free.is_set():
            assert time.monotonic() < until_s

    async def wait(self) -> None:
        """Wait without blocking."""
        self.arrived.release()
        while not self.free.is_set():  # noqa: ASYNC110 - it is set in another thread
            await asyncio.sleep(0.05)  # longer than it is looked at, mostly

    def wait_until_all_arrived(self) -> None:
        for _ in range(self.parties):
            assert self.arrived.acquire(timeout=PATIENCE_S)


@pytest.fixture(autouse=True)
def patches(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sampler's patches, undone afterwards."""
    monkeypatch.setattr(CurrentThreadExecutor, "submit", CurrentThreadExecutor.submit)
    monkeypatch.setattr(AsyncToSync, "__call__", AsyncToSync.__call__)
    monkeypatch.setattr(asyncio.events, "new_event_loop", asyncio.events.new_event_loop)
    monkeypatch.setattr(asyncio, "new_event_loop", asyncio.new_event_loop)
    probe.sampler_patches.apply_patches()


def nothing() -> None:
    """What is called to start a sampler; here the test looks itself."""


def serve_wsgi(probe: Probe, view: Work, environ: dict[str, Any] | None = None) -> None:
    """One WSGI request, whose application calls the view."""

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        view()
        start("200 OK", [])
        return [b""]

    sampled = probe.sampler_application.SampledWSGI(application, nothing)
    calls.Call(calls.wrapped(probe, sampled), environ).body.close()


def serve_asgi(
    probe: Probe, view: Work, requests: int = 1, loops: str = "asyncio", query: bytes = b""
) -> None:
    """ASGI requests at once, whose application awaits the view, in a loop that is watched."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await view()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def within() -> None:
        loop = asyncio.get_running_loop()
        probe.loop.LOOP.watch_this_thread()
        probe.loop.watch_tasks(loop)
        sampled = probe.sampler_application.SampledASGI(application, nothing)
        served = calls.wrapped(probe, sampled, "asgi")
        await asyncio.gather(*(calls.ask(served, "/", query) for _ in range(requests)))

    with asyncio.Runner(loop_factory=importlib.import_module(loops).new_event_loop) as runner:
        runner.run(within())


def look_at(
    probe: Probe, gate: Gate, serve: Work, servers: int = 1, most_visits: int = 64
) -> list[Seen]:
    """What is seen while `serve` runs in threads of its own, held by the gate; most time first."""
    observer = probe.sampler_look.Observer()
    threads = [
        threading.Thread(target=contextvars.copy_context().run, args=(serve,))
        for _ in range(servers)
    ]
    for thread in threads:
        thread.start()
    try:
        gate.wait_until_all_arrived()
        for turn in range(LOOKS + 1):
            time.sleep(GAP_S)
            observer.look(0, INTERVAL_NS, most_visits)
            if turn == 0:  # its clocks had nothing to compare with
                observer.seen.take()
    finally:
        gate.free.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        observer.waits.close_all()
    return read(observer)


def read(observer: Any) -> list[Seen]:
    """What an observer counted, by the names of functions."""
    names = {number: code.co_name for number, (code, *_) in observer.frames.new}
    stacks = {number: frames for frames, number in observer.stacks.numbers.items()}
    summed: dict[tuple[str, str, tuple[str, ...]], int] = {}
    for stack, state, note, numbers in observer.seen.take():
        key = state, note, tuple(names[frame] for frame in stacks[stack])
        summed[key] = summed.get(key, 0) + sum(numbers[2::4])
    total = sum(summed.values())
    seen = [Seen(*key, ns / total) for key, ns in summed.items()]
    return sorted(seen, key=lambda stack: -stack.share)


def only(seen: list[Seen]) -> Seen:
    """The only stack that was seen, whatever its innermost frames and its note."""
    assert seen
    assert len({(stack.state, stack.functions[:2]) for stack in seen}) == 1, seen
    return seen[0]
