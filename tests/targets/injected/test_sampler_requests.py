"""Which requests the sampler looks at, and what their looks weigh."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from . import calls
from .calls import Probe
from .looked_at import (
    INTERVAL_NS,
    PATIENCE_S,
    Gate,
    look_at,
    nothing,
    only,
    patches,
    serve_asgi,
    serve_wsgi,
)

__all__ = ["patches"]  # a fixture of every test here


def test_a_task_that_is_ready_waits_for_its_loop(probe: Probe) -> None:
    """While another request holds the loop; what it awaited is there already."""
    gate, entered = Gate(), iter(range(2))

    async def view() -> None:
        if next(entered) == 0:
            await asyncio.sleep(0)
        else:
            gate.block()

    seen = look_at(probe, gate, lambda: serve_asgi(probe, view, requests=2))
    assert {(stack.state, stack.note): stack.share for stack in seen} == {
        ("holding", ""): pytest.approx(0.5),
        ("awaiting", "loop"): pytest.approx(0.5),
    }


def test_the_bystander_is_not_looked_at(probe: Probe) -> None:
    gate = Gate()

    async def view() -> None:
        await gate.wait()

    query = b"a=1&liveburst-neighbour"
    assert look_at(probe, gate, lambda: serve_asgi(probe, view, query=query)) == []
    gate = Gate()
    environ = {"QUERY_STRING": query.decode()}
    assert look_at(probe, gate, lambda: serve_wsgi(probe, gate.block, environ)) == []


def test_what_a_request_leaves_running_is_not_looked_at(probe: Probe) -> None:
    gate = Gate()

    async def later() -> None:
        await gate.wait()

    async def within() -> None:
        left: list[asyncio.Task[None]] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            left.append(asyncio.create_task(later()))

        sampled = probe.sampler_application.SampledASGI(application, nothing)
        await calls.wrapped(probe, sampled, "asgi")({"type": "http"}, None, None)
        await asyncio.gather(*left)

    assert look_at(probe, gate, lambda: asyncio.run(within())) == []
    works = probe.sampler_works
    assert (works.VISITS, works.BOUNDARIES) == ({}, {})


def test_a_streamed_body_is_looked_at_while_it_is_made(probe: Probe) -> None:
    gate = Gate()

    def pieces() -> Iterator[bytes]:
        gate.block()
        yield b"piece"

    def application(environ: dict[str, Any], start: Any) -> Iterator[bytes]:
        start("200 OK", [])
        return pieces()

    def serve() -> None:
        sampled = probe.sampler_application.SampledWSGI(application, nothing)
        call = calls.Call(calls.wrapped(probe, sampled))
        assert list(call.body) == [b"piece"]
        call.body.close()

    seen = only(look_at(probe, gate, serve))
    assert seen.functions[:2] == ("pieces", "block")
    assert probe.sampler_works.VISITS == {}


@pytest.mark.parametrize("most_visits", [1, 64])
def test_the_request_that_holds_the_loop_is_seen_by_every_look(
    most_visits: int, probe: Probe
) -> None:
    """It weighs what it is: of the others, one that is drawn weighs as much as all of them."""
    requests = 10
    gate, entered = Gate(), iter(range(requests))

    async def view() -> None:
        if next(entered) < requests - 1:
            await asyncio.sleep(0)
        else:
            gate.block()

    def serve() -> None:
        serve_asgi(probe, view, requests=requests)

    seen = look_at(probe, gate, serve, most_visits=most_visits)
    assert {(stack.state, stack.note): stack.share for stack in seen} == {
        ("holding", ""): pytest.approx(0.1),
        ("awaiting", "loop"): pytest.approx(0.9),
    }


def test_of_threads_too_some_are_drawn(probe: Probe) -> None:
    gate = Gate(4)

    def view() -> None:
        gate.block()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view), servers=4, most_visits=1))
    assert seen.state == "blocking"
    assert seen.functions[:3] == ("application", "view", "block")


def test_a_drawn_coroutine_is_still_one_stack_with_its_thread(probe: Probe) -> None:
    """The threads of those that are drawn are looked at, and of no others."""
    gate = Gate(3)

    async def view() -> None:
        await asyncio.to_thread(gate.block)

    def serve() -> None:
        serve_asgi(probe, view, requests=3)

    seen = only(look_at(probe, gate, serve, most_visits=1))
    assert seen.state == "blocking"
    assert "block" in seen.functions


def test_looks_leave_nothing_to_the_garbage_collector(probe: Probe) -> None:
    gate, observer = Gate(), probe.sampler_look.Observer()
    thread = threading.Thread(target=lambda: serve_wsgi(probe, gate.block))
    thread.start()
    looks = 100
    try:
        gate.wait_until_all_arrived()
        observer.look(0, INTERVAL_NS)
        gc.collect()
        gc.disable()
        for _ in range(looks):
            assert observer.look(0, INTERVAL_NS) == 1
        assert gc.collect() < looks
    finally:
        gc.enable()
        gate.free.set()
        thread.join(PATIENCE_S)


def test_of_many_requests_some_are_drawn_and_weigh_as_much_more(probe: Probe) -> None:
    # All of the first, one of 2 of as many, and one of 4 of twice as many.
    followed, most = probe.sampler_pace.FOLLOWED, 10
    requests = 4 * followed
    gate = Gate(requests)

    async def view() -> None:
        await gate.wait()

    observer = probe.sampler_look.Observer()
    thread = threading.Thread(target=lambda: serve_asgi(probe, view, requests=requests))
    thread.start()
    weights: dict[int, int] = {}
    passed_ns = 0
    try:
        gate.wait_until_all_arrived()
        assert observer.look(0, INTERVAL_NS) == 2 * followed
        observer.seen.take()
        for _ in range(10):
            met = observer.look(0, INTERVAL_NS, most)
            passed_ns += observer.since_ns
            visits = list(visits_of(observer))
            assert most <= met == len(visits) <= most + 1  # one may be running
            for visit, ns in visits:
                weights[visit] = weights.get(visit, 0) + ns
    finally:
        gate.free.set()
        thread.join(PATIENCE_S)
    assert len(weights) > most  # not always the same
    assert sum(weights.values()) == pytest.approx(requests * passed_ns, rel=0.01)


def visits_of(observer: Any) -> Iterator[tuple[int, int]]:
    """The visits that the last look met, each with its weight."""
    for *_, numbers in observer.seen.take():
        yield from zip(numbers[::4], numbers[2::4], strict=True)
