"""Knows which threads, greenlets and coroutines work for which request; for the sampler.

A *visit* is a request of the load while the application has it, one that is followed: of many at
once these are some (`liveburst_sampler_pace.Draw`). Its *works* are what runs for it:
the server's thread or coroutine, and those that these start. Each begins at a frame, its boundary,
by whose id it is found in a stack. A work's `parent` is the id of the frame that started it: if
that frame only waits, the two are one stack.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import inspect
import itertools
import sys
import time
import weakref
from contextvars import ContextVar
from types import FrameType
from typing import Any, Optional, Union

from liveburst_request import Request, now
from liveburst_sampler_kinds import OTHER, PROBE, kind_of
from liveburst_sampler_pace import Draw
from liveburst_unpatched import unpatched

MOST_SKIPPED = 60  # frames between a call that starts something and the code that wanted it
# Runs beside each request under ASGI until its client leaves; it does nothing for the answer.
LISTENING = "ASGIHandler.listen_for_disconnect"

get_thread = unpatched("_thread", "get_ident")
get_native = unpatched("_thread", "get_native_id")


class Visit:
    """A request of the load while the application has it; `weight` is how many it stands for."""

    __slots__ = ("number", "queued", "returned", "weight", "works")

    def __init__(self, number: int, weight: int = 1) -> None:
        self.number = number
        self.weight = weight
        self.works: dict[int, Work] = {}  # by the id of the boundary
        self.queued: set[int] = set()  # frames whose call no thread of a pool has taken yet
        self.returned: set[int] = set()  # frames whose call has returned in its thread

    def leave(self) -> None:
        """End the visit: what it left running belongs to no request."""
        VISITS.pop(self.number, None)
        for work in list(self.works.values()):
            if isinstance(work, CoroutineWork):  # those of threads remove themselves
                forget(work)


class ThreadWork:
    """A block that a thread, or greenlet, runs for a visit; its frame is the boundary."""

    __slots__ = ("before", "boundary", "greenlet", "parent", "thread", "visit")

    def __init__(self, visit: Visit, parent: int = 0) -> None:
        self.visit = visit
        self.parent = parent
        self.thread = self.boundary = 0
        self.greenlet: Any = None
        self.before: Optional[Visit] = None

    def __enter__(self) -> None:
        self.thread = get_thread()
        self.greenlet = current_greenlet()
        self.boundary = id(sys._getframe(1))  # noqa: SLF001
        self.before = _CURRENT.get()
        _CURRENT.set(self.visit)
        if self.greenlet is None:
            # In this order: a look in between would forget a thread that seems to do nothing.
            OWN_THREADS[self.thread] = OWN_THREADS.get(self.thread, 0) + 1
            know_this_thread()
        else:
            share_this_thread()
        BOUNDARIES[self.boundary] = self.visit.works[self.boundary] = self

    def __exit__(self, *exc_info: object) -> None:
        forget(self)
        if self.greenlet is None:
            leave_own_thread(self.thread)
        _CURRENT.set(self.before)  # no token: asgiref copies variables from thread to thread


class CoroutineWork:
    """A coroutine that runs for a visit; its own frame is the boundary.

    It is not kept alive: a coroutine that nothing awaits must end where it did before.
    """

    __slots__ = ("boundary", "parent", "reference", "task", "visit")

    def __init__(self, coroutine: Any, visit: Visit, parent: int = 0) -> None:
        self.visit = visit
        self.parent = parent
        self.task: Optional[weakref.ref[Any]] = None  # that it is a part of, if one is known
        self.reference = weakref.ref(coroutine)
        self.boundary = id(coroutine.cr_frame)
        BOUNDARIES[self.boundary] = visit.works[self.boundary] = self

    def is_in(self, task: Any) -> None:
        """Note the task that the coroutine is a part of."""
        if task is not None:
            self.task = weakref.ref(task)

    def is_ready(self) -> bool:
        """Return True if the coroutine, which does not run, waits for nothing but its loop."""
        coroutine = self.reference()
        if coroutine is None:
            return False
        if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
            return True
        task = None if self.task is None else self.task()
        if task is None:
            return False
        awaited = getattr(task, "_fut_waiter", task)
        return awaited is None or (awaited is not task and bool(awaited.done()))


Work = Union[ThreadWork, CoroutineWork]

BOUNDARIES: dict[int, Work] = {}
VISITS: dict[int, Visit] = {}
# Threads that have worked for a visit since the last look, and those of event loops: their CPU
# clock (None if there is none), what it was when they became known (ns), and the system's number.
THREADS: dict[int, tuple[Optional[int], int, int]] = {}
# Threads that work for one request now, with how many of its works they are in: each changes only
# its own number. Those of event loops, and of gevent's hub, are shared by all requests.
OWN_THREADS: dict[int, int] = {}
SHARED_THREADS: set[int] = set()
# Requests that are not written yet, those too that are not followed: number, instant (ns).
ENTERED: list[tuple[int, int]] = []

_NUMBERS = itertools.count(1)
_DRAW = Draw()
_CURRENT: ContextVar[Optional[Visit]] = ContextVar("liveburst_visit", default=None)


def current_visit() -> Optional[Visit]:
    """Return the visit in whose context the caller runs; None outside of one, and after it."""
    visit = _CURRENT.get()
    return None if visit is None or visit.number not in VISITS else visit


def enter(request: Optional[Request]) -> Optional[Visit]:
    """Begin the visit of a request in whose context the caller runs; None if it is not followed."""
    number = next(_NUMBERS)
    ENTERED.append((number, now() if request is None else request.entered))
    weight = _DRAW.weight(len(VISITS))
    visit = Visit(number, weight) if weight else None
    _CURRENT.set(visit)
    if visit is not None:
        VISITS[number] = visit
    return visit


def take_entered() -> list[tuple[int, int]]:
    """Return the requests that began since the last call: number, instant (ns)."""
    count = len(ENTERED)  # others are appended meanwhile
    entered = ENTERED[:count]
    del ENTERED[:count]
    return entered


def forget(work: Work) -> None:
    """Remove a work that has ended."""
    work.visit.works.pop(work.boundary, None)
    if BOUNDARIES.get(work.boundary) is work:  # another one may have got its id
        BOUNDARIES.pop(work.boundary, None)


def know_this_thread() -> None:
    """Note the calling thread's CPU clock: only the thread itself can ask for it safely."""
    thread = get_thread()
    native = get_native()
    known = THREADS.get(thread)
    if known is None or known[2] != native:
        try:
            clock: Optional[int] = time.pthread_getcpuclockid(thread)
        except (AttributeError, OSError):  # not on macOS
            clock = None
        THREADS[thread] = clock, time.thread_time_ns(), native


def forget_idle(thread: int) -> None:
    """Forget a thread, unless it works for a visit or for all of them: it is known when it does."""
    if thread not in OWN_THREADS and thread not in SHARED_THREADS:
        THREADS.pop(thread, None)


def share_this_thread() -> None:
    """Note that the calling thread runs the code of all requests in turn."""
    know_this_thread()
    SHARED_THREADS.add(get_thread())


def leave_own_thread(thread: int) -> None:
    """Note that a thread has ended one of its works."""
    works = OWN_THREADS.get(thread, 0) - 1
    if works > 0:
        OWN_THREADS[thread] = works
    else:
        OWN_THREADS.pop(thread, None)


def is_followed(coroutine: Any) -> bool:
    """Return False for what is no coroutine, and for one that does nothing for the answer."""
    if getattr(coroutine, "cr_frame", None) is None:
        return False
    return not coroutine.__qualname__.endswith(LISTENING)


def register(coroutine: Any, visit: Visit, parent: int) -> Optional[CoroutineWork]:
    """Return the work of a coroutine, which may not have begun; None if it is not followed."""
    return CoroutineWork(coroutine, visit, parent) if is_followed(coroutine) else None


def parent_of(frame: Optional[FrameType]) -> int:
    """Return the id of the innermost frame from here on that is no plumbing; 0 if there is none.

    A coroutine's frame always counts: it is what awaits. Where a thread has nothing but plumbing
    (asgiref's, which runs a new loop), the parent of its work is returned.
    """
    for _ in range(MOST_SKIPPED):
        if frame is None:
            break
        kind = kind_of(frame.f_code)
        work = BOUNDARIES.get(id(frame))
        if isinstance(work, ThreadWork):
            return work.parent
        awaits = frame.f_code.co_flags & inspect.CO_COROUTINE
        if kind != PROBE and (awaits or kind == OTHER):
            return id(frame)
        frame = frame.f_back
    return 0


def current_greenlet() -> Any:
    """Return the greenlet that runs, if gevent makes threads of greenlets; else None."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("threading"):
        return None
    return sys.modules["greenlet"].getcurrent()
