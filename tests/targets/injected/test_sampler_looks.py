"""What the sampler sees of planted threads and tasks: one stack for each place where work is."""

from __future__ import annotations

import asyncio
import contextvars
import importlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import pytest
from asgiref.current_thread_executor import CurrentThreadExecutor
from asgiref.sync import AsyncToSync, async_to_sync, sync_to_async

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


def look_at(probe: Probe, gate: Gate, serve: Work, servers: int = 1) -> list[Seen]:
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
            natives = {native for *_, native in probe.sampler_works.THREADS.values()}
            observer.waits.keep(natives)
            observer.look(0, INTERVAL_NS)
            if turn == 0:  # its clocks had nothing to compare with
                observer.seen.take()
    finally:
        gate.free.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        observer.waits.keep(set())
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


def test_of_many_requests_each_has_its_turn_and_weighs_as_much_more(probe: Probe) -> None:
    requests = probe.sampler_look.MOST_VISITS * LOOKS
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
        observer.look(0, INTERVAL_NS)
        observer.seen.take()
        for _ in range(LOOKS):
            observer.look(0, INTERVAL_NS)
            passed_ns += observer.since_ns
            for *_, numbers in observer.seen.take():
                for visit, ns in zip(numbers[::4], numbers[2::4], strict=True):
                    weights[visit] = weights.get(visit, 0) + ns
    finally:
        gate.free.set()
        thread.join(PATIENCE_S)
    assert len(weights) == requests
    assert sum(weights.values()) == pytest.approx(requests * passed_ns, rel=0.01)
