"""Which code held the event loop, as the probe measures it in the loop's own thread."""

from __future__ import annotations

import asyncio
import importlib
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.decorators import async_only_middleware

from . import calls
from .calls import Probe

HELD_S = 0.25  # longer than a busy machine keeps a thread from its core, mostly
# A hold is measured without the time for which the thread waited for a core, some of which may
# have been before it.
HELD_NS = int(0.8 * HELD_S * 1e9)


def hold() -> None:
    """Hold whatever thread this runs in."""
    time.sleep(HELD_S)


async def async_(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0.001)
    return HttpResponse()


async def blocking(request: HttpRequest) -> HttpResponse:
    hold()
    return HttpResponse()


async def blocking_later(request: HttpRequest) -> HttpResponse:
    await sync_to_async(int)()
    await asyncio.sleep(0.001)
    hold()
    return HttpResponse()


async def blocking_in_a_task(request: HttpRequest) -> HttpResponse:
    async def child() -> None:
        hold()

    await asyncio.gather(child(), asyncio.sleep(0.001))
    return HttpResponse()


async def with_a_timer(request: HttpRequest) -> HttpResponse:
    asyncio.get_running_loop().call_later(0.001, hold)
    await asyncio.sleep(0.01)
    return HttpResponse()


async def leaves_a_task(request: HttpRequest) -> HttpResponse:
    async def later() -> None:
        for _ in range(2000):
            if request.scope["liveburst.request"].over:  # type: ignore[attr-defined]
                break
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.001)
        hold()

    request.scope["left"].append(asyncio.create_task(later()))  # type: ignore[attr-defined]
    return HttpResponse()


def sync(request: HttpRequest) -> HttpResponse:
    hold()
    return HttpResponse()


@async_only_middleware
def held_before(get_response: Any) -> Any:
    async def middleware(request: HttpRequest) -> Any:
        hold()
        return await get_response(request)

    return middleware


@async_only_middleware
def held_after(get_response: Any) -> Any:
    async def middleware(request: HttpRequest) -> Any:
        response = await get_response(request)
        hold()
        return response

    return middleware


VIEWS: tuple[Any, ...] = (
    *(async_, blocking, blocking_later, blocking_in_a_task, with_a_timer, leaves_a_task),
    sync,
)
urlpatterns = [path(view.__name__, view) for view in VIEWS]
# What is requested, with which middleware, and the expected holder of the loop; None: none.
Case = tuple[str, str | None, str | None]
HOLDERS: list[Case] = [
    ("blocking", None, "IN_VIEW"),
    ("blocking_later", None, "IN_VIEW"),
    ("blocking_in_a_task", None, "IN_VIEW"),
    ("async_", "held_before", "IN_APP"),
    ("async_", "held_after", "IN_APP"),
    ("sync", "held_before", "IN_APP"),
    ("with_a_timer", None, "ELSEWHERE"),
    ("leaves_a_task", None, "ELSEWHERE"),
    ("sync", None, None),
    ("async_", None, None),
    ("blocking?liveburst-neighbour", None, "IN_BYSTANDER"),
    ("async_?liveburst-neighbour", "held_before", "IN_BYSTANDER"),
]
LOOPS = ["asyncio", "uvloop"]
MS = 1_000_000
# A gap between two marks, how long the thread waited for a core, and the hold that is left.
DELAYS = [(50, 0, 50), (50, 45, 5), (50, 60, 0), (0, 60, 0)]


class Delay:
    """A thread that has waited for a core for so long (ns)."""

    def __init__(self, delay_ns: int) -> None:
        self.delay_ns = delay_ns

    def peek(self) -> int:
        return self.delay_ns

    take = peek


async def ask(application: Any, url: str) -> None:
    """One ASGI request, and whatever tasks its view left running."""
    left: list[asyncio.Task[None]] = []
    name, _, query = url.partition("?")
    start, *_ = await calls.ask(application, f"/{name}", query.encode(), left=left)
    assert start["status"] == 200
    await asyncio.gather(*left)


def served(probe: Probe, loops: str, work: Callable[[Any], Any]) -> Any:
    """The result of `work`, given the probed handler, in a loop that the probe watches."""

    async def within() -> Any:
        loop = asyncio.get_running_loop()
        probe.loop.LOOP.watch_this_thread()
        probe.loop.watch_tasks(loop)
        heartbeat = probe.heartbeat.Heartbeat(loop)
        heartbeat.begin()
        result = await work(calls.wrapped(probe, ASGIHandler(), "asgi"))
        heartbeat.end()
        return result

    make = importlib.import_module(loops).new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        return runner.run(within())


@pytest.fixture(autouse=True)
def project(settings: Any, monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    """This module as a project, its views watched by the probe while a test runs."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = []
    monkeypatch.setattr(BaseHandler, "make_view_atomic", BaseHandler.make_view_atomic)
    probe.django_views.watch_views()


@pytest.mark.parametrize("loops", LOOPS)
@pytest.mark.parametrize("case", HOLDERS, ids=str)
def test_a_hold_is_charged_to_its_code(case: Case, loops: str, probe: Probe, settings: Any) -> None:
    url, middleware, holder = case
    settings.MIDDLEWARE = [f"{__name__}.{middleware}"] if middleware else []
    served(probe, loops, lambda application: ask(application, url))
    names = ("ELSEWHERE", "IN_VIEW", "IN_APP", "IN_BYSTANDER")
    spent_ns = {name: probe.loop.LOOP.spent_ns[getattr(probe.loop, name)] for name in names}
    held, by = probe.loop.LOOP.take()
    if holder is None:  # it waited, or worked in a thread of its own
        assert max(spent_ns["IN_VIEW"], spent_ns["IN_APP"]) < HELD_NS
    else:
        charged_ns = spent_ns.pop(holder)
        assert charged_ns >= HELD_NS
        assert max(spent_ns.values()) < charged_ns
        assert (held >= HELD_NS, by) == (True, getattr(probe.loop, holder))


@pytest.mark.parametrize(("gap_ms", "delay_ms", "held_ms"), DELAYS)
def test_time_without_a_core_is_no_hold(
    gap_ms: int, delay_ms: int, held_ms: int, probe: Probe
) -> None:
    watch = probe.loop.LoopWatch()
    watch.delay = Delay(delay_ms * MS)
    watch.last_ns = probe.request.now() - gap_ms * MS
    assert watch.take()[0] == pytest.approx(held_ms * MS, abs=MS)  # before it ends
    watch.mark(watch.last_ns + gap_ms * MS)
    assert watch.longest_ns == held_ms * MS


@pytest.mark.parametrize("loops", LOOPS)
def test_a_hold_is_reported_before_it_ends(loops: str, probe: Probe) -> None:
    seen: list[tuple[int, int]] = []

    async def look_meanwhile(application: Any) -> None:
        asking = asyncio.create_task(ask(application, "blocking"))
        timer = threading.Timer(HELD_S / 2, lambda: seen.append(probe.loop.LOOP.take()))
        timer.start()
        await asking
        timer.join()

    served(probe, loops, look_meanwhile)
    ((_, by),) = seen
    assert by in (probe.loop.IN_VIEW, probe.loop.ELSEWHERE)  # a busy machine may be late to begin


async def value() -> int:
    return 7


async def raising() -> None:
    raise LookupError("its own")


async def patient() -> str:
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        return "cancelled"
    return "never"


@pytest.mark.parametrize("loops", LOOPS)
def test_watched_tasks_behave_as_before(loops: str, probe: Probe) -> None:
    """Results, exceptions, cancellation before and within, and contexts pass through."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        assert await asyncio.create_task(value()) == 7
        with pytest.raises(LookupError, match="its own"):
            await asyncio.create_task(raising(), name="named")
        waiting = asyncio.create_task(patient())
        await asyncio.sleep(0)
        waiting.cancel()
        assert await waiting == "cancelled"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await asyncio.create_task(asyncio.sleep(60))
        unstarted = asyncio.create_task(value())
        unstarted.cancel()
        await asyncio.gather(unstarted, return_exceptions=True)

    async def within(_: Any) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # "was never awaited" among them
            await calls.wrapped(probe, application, "asgi")({"type": "http"}, None, None)

    served(probe, loops, within)


@pytest.mark.parametrize("loops", LOOPS)
def test_an_earlier_task_factory_still_makes_the_tasks(loops: str, probe: Probe) -> None:
    made: list[str] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.create_task(asyncio.sleep(0))

    async def within() -> None:
        loop = asyncio.get_running_loop()

        def factory(loop: Any, coroutine: Any, **more: Any) -> Any:
            made.append("task")
            return asyncio.Task(coroutine, loop=loop, **more)

        loop.set_task_factory(factory)
        probe.loop.watch_tasks(loop)
        await calls.wrapped(probe, application, "asgi")({"type": "http"}, None, None)
        assert made == ["task"]

    with asyncio.Runner(loop_factory=importlib.import_module(loops).new_event_loop) as runner:
        runner.run(within())


@pytest.mark.parametrize("loops", LOOPS)
def test_an_awaitable_that_is_no_coroutine_is_awaited_unchanged(loops: str, probe: Probe) -> None:
    def application(scope: Any, receive: Any, send: Any) -> Any:
        return asyncio.get_running_loop().run_in_executor(None, int)

    served(
        probe,
        loops,
        lambda _: calls.wrapped(probe, application, "asgi")({"type": "http"}, None, None),
    )
    assert probe.counters.LOAD.report()["in_app"] == 0
