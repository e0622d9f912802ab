"""What the sampler sees of planted threads and tasks: their states."""

from __future__ import annotations

import asyncio
import threading

import pytest

from .calls import Probe
from .looked_at import (
    PATIENCE_S,
    Gate,
    look_at,
    only,
    patches,
    serve_asgi,
    serve_wsgi,
)

__all__ = ["patches"]  # a fixture of every test here


def test_a_thread_that_waits_is_blocking(probe: Probe) -> None:
    """Its stack begins in the application, and has no frame of the probe or of the server."""
    gate = Gate()

    def view() -> None:
        gate.block()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert (seen.state, seen.note) == ("blocking", "")
    assert seen.functions[:3] == ("application", "view", "block")
    assert seen.functions[-1] == "wait"


@pytest.mark.parametrize("threads", [1, 4])
def test_threads_that_compute_are_on_the_cpu(threads: int, probe: Probe) -> None:
    """Of several that share the GIL all count, not only the one that has it."""
    gate = Gate(threads)

    def view() -> None:
        gate.compute()

    seen = look_at(probe, gate, lambda: serve_wsgi(probe, view), servers=threads)
    assert {stack.state for stack in seen} == {"cpu"}
    assert {stack.functions[:3] for stack in seen} == {("application", "view", "compute")}


def test_a_lock_is_blocking(probe: Probe) -> None:
    gate, lock = Gate(), threading.Lock()

    def release() -> None:
        gate.free.wait(PATIENCE_S)
        lock.release()

    def view() -> None:
        lock.acquire()
        gate.arrived.release()
        threading.Thread(target=release).start()
        with lock:
            pass

    seen = look_at(probe, gate, lambda: serve_wsgi(probe, view))
    assert ("blocking", ("application", "view")) in [(one.state, one.functions) for one in seen]


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_a_task_that_waits_is_awaiting_what_it_awaits(loops: str, probe: Probe) -> None:
    gate = Gate()

    async def view() -> None:
        await gate.wait()

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view, loops=loops)))
    assert seen.state == "awaiting"
    assert seen.functions == ("application", "view", "wait", "sleep")


@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
@pytest.mark.parametrize("held_by", ["block", "compute"])
def test_what_does_not_give_way_holds_the_loop(held_by: str, loops: str, probe: Probe) -> None:
    gate = Gate()

    async def view() -> None:
        await asyncio.sleep(0)
        getattr(gate, held_by)()

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view, loops=loops)))
    assert seen.state == "holding"
    assert seen.functions[:3] == ("application", "view", held_by)
