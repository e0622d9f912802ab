"""Requests followed to other threads, tasks and loops: one stack for each place of work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync, sync_to_async

from .calls import Probe
from .looked_at import (
    Gate,
    Work,
    look_at,
    only,
    patches,
    serve_asgi,
    serve_wsgi,
)

__all__ = ["patches"]  # a fixture of every test here


def test_a_coroutine_and_its_thread_are_one_stack(probe: Probe) -> None:
    gate = Gate()

    def query() -> None:
        gate.block()

    async def view() -> None:
        await sync_to_async(query)()

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view)))
    assert seen.state == "blocking"
    inner = [name for name in seen.functions if name in {"application", "view", "query", "block"}]
    assert inner == ["application", "view", "query", "block"]


async def in_thread(function: Work) -> None:
    await asyncio.to_thread(function)


async def in_executor(function: Work) -> None:
    await asyncio.get_running_loop().run_in_executor(None, function)


@pytest.mark.parametrize("hop", [in_thread, in_executor])
@pytest.mark.parametrize("loops", ["asyncio", "uvloop"])
def test_any_pool_is_followed(hop: Any, loops: str, probe: Probe) -> None:
    gate = Gate()

    async def view() -> None:
        await hop(gate.block)

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view, loops=loops)))
    assert seen.state == "blocking"
    assert seen.functions[:3] == ("application", "view", hop.__name__)
    assert "block" in seen.functions


def test_a_thread_that_waits_for_a_loop_is_one_stack_with_its_coroutine(probe: Probe) -> None:
    """Under WSGI asgiref runs the coroutine in a new loop, in another thread."""
    gate = Gate()

    async def fetch() -> None:
        await gate.wait()

    def view() -> None:
        async_to_sync(fetch)()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert seen.state == "awaiting"
    assert seen.functions[:2] == ("application", "view")
    assert seen.functions[-3:] == ("fetch", "wait", "sleep")


def test_code_that_blocks_a_loop_of_its_own_holds_no_other_request(probe: Probe) -> None:
    gate = Gate()

    async def fetch() -> None:
        gate.block()

    def view() -> None:
        async_to_sync(fetch)()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert seen.state == "blocking"
    inner = [name for name in seen.functions if name in {"view", "fetch", "block"}]
    assert inner == ["view", "fetch", "block"]


def test_there_and_back_is_one_stack(probe: Probe) -> None:
    """A sync view under ASGI that awaits in the loop of its server."""
    gate = Gate()

    async def fetch() -> None:
        await gate.wait()

    def sync_view() -> None:
        async_to_sync(fetch)()

    async def view() -> None:
        await sync_to_async(sync_view)()

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view)))
    assert seen.state == "awaiting"
    inner = [name for name in seen.functions if name in {"view", "sync_view", "fetch", "wait"}]
    assert inner == ["view", "sync_view", "fetch", "wait"]


def test_sync_work_that_comes_back_to_the_requests_thread_is_one_stack(probe: Probe) -> None:
    gate = Gate()

    def query() -> None:
        gate.block()

    async def fetch() -> None:
        await sync_to_async(query)()

    def view() -> None:
        async_to_sync(fetch)()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert seen.state == "blocking"
    inner = [name for name in seen.functions if name in {"view", "fetch", "query", "block"}]
    assert inner == ["view", "fetch", "query", "block"]


def test_a_loop_that_a_view_runs_itself_is_followed(probe: Probe) -> None:
    gate = Gate()

    async def main() -> None:
        await asyncio.gather(gate.wait())

    def view() -> None:
        asyncio.run(main())

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert seen.state == "awaiting"
    inner = [name for name in seen.functions if name in {"view", "main", "wait"}]
    assert inner == ["view", "main", "wait"]


async def gathered(first: Any, second: Any) -> None:
    await asyncio.gather(first, second)


async def grouped(first: Any, second: Any) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(first)
        group.create_task(second)


async def waited(first: Any, second: Any) -> None:
    await asyncio.wait([asyncio.create_task(first), asyncio.create_task(second)])


@pytest.mark.parametrize("joined", [gathered, grouped, waited])
def test_tasks_that_are_waited_for_share_the_time(joined: Any, probe: Probe) -> None:
    gate = Gate(2)

    async def left() -> None:
        await gate.wait()

    async def right() -> None:
        await gate.wait()

    async def view() -> None:
        await joined(left(), right())

    seen = look_at(probe, gate, lambda: serve_asgi(probe, view))
    shares = {stack.functions[-3]: stack.share for stack in seen}
    assert shares == {"left": pytest.approx(0.5), "right": pytest.approx(0.5)}
    assert {stack.functions[:3] for stack in seen} == {("application", "view", joined.__name__)}


def test_a_view_beside_its_own_task_counts_too(probe: Probe) -> None:
    gate = Gate(2)

    async def beside() -> None:
        await gate.wait()

    async def view() -> None:
        task = asyncio.create_task(beside())
        await gate.wait()
        await task

    seen = look_at(probe, gate, lambda: serve_asgi(probe, view))
    assert {stack.functions for stack in seen} == {
        ("application", "view", "wait", "sleep"),
        ("beside", "wait", "sleep"),
    }


def test_a_pool_of_the_views_own_is_followed(probe: Probe) -> None:
    gate = Gate(2)

    def part(_: int) -> None:
        gate.block()

    def view() -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(part, range(2)))

    seen = look_at(probe, gate, lambda: serve_wsgi(probe, view))
    assert {stack.state for stack in seen} == {"blocking"}
    for stack in seen:
        inner = [name for name in stack.functions if name in {"view", "part", "block"}]
        assert inner == ["view", "part", "block"]
    assert sum(stack.share for stack in seen) == pytest.approx(1)


def test_a_thread_of_the_views_own_is_followed(probe: Probe) -> None:
    gate = Gate()

    def view() -> None:
        thread = threading.Thread(target=gate.block)
        thread.start()
        thread.join()

    seen = only(look_at(probe, gate, lambda: serve_wsgi(probe, view)))
    assert seen.functions[:2] == ("application", "view")
    assert "block" in seen.functions


def test_async_generators_are_seen_through(probe: Probe) -> None:
    gate = Gate()

    async def rows() -> AsyncIterator[int]:
        yield 1
        await gate.wait()

    async def view() -> None:
        async for _ in rows():
            pass

    seen = only(look_at(probe, gate, lambda: serve_asgi(probe, view)))
    assert seen.functions == ("application", "view", "rows", "wait", "sleep")


def test_a_call_that_no_thread_has_taken_waits_for_a_thread(probe: Probe) -> None:
    gate = Gate()
    pool = ThreadPoolExecutor(1)

    def work() -> None:
        gate.block()

    async def view() -> None:
        await sync_to_async(work, thread_sensitive=False, executor=pool)()

    seen = look_at(probe, gate, lambda: serve_asgi(probe, view, requests=3))
    shares = {(stack.state, stack.note): stack.share for stack in seen}
    assert shares == {
        ("blocking", ""): pytest.approx(1 / 3),
        ("awaiting", "thread"): pytest.approx(2 / 3),
    }
