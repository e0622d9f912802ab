"""Measures how long one piece of code holds the event loop, and whose code it is.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import asyncio
import threading
import types
from typing import Any

from liveburst_counters import LOAD
from liveburst_request import UNKNOWN, Request, current_request, now
from liveburst_run_delay import RunDelay

# Whose code ran in the event loop's thread: column `loop_held_by` of docs/frame.md.
ELSEWHERE, IN_VIEW, IN_APP, IN_BYSTANDER = range(4)
BEAT_S = 0.01  # between two beats of the heartbeat
IDLE_NS = int(2 * BEAT_S * 1e9)  # a loop that only waits is marked at each beat
# Shorter gaps are not worth the read of how long the thread waited for a core.
DELAY_READ_NS = 1_000_000


class LoopWatch:
    """Measures the gaps between marks that are made in the event loop's thread alone.

    A mark is made at both ends of each step of a request's coroutines, when an async view is
    called and when it returns, and at each beat of the heartbeat.

    The time for which the thread itself waited for a core is subtracted from a gap: on a busy
    machine no code holds the loop then.

    The lateness of a heartbeat is another quantity: whatever is ready at the same moment runs
    before any timer does, so thirty views that block for 0.1 s each make a beat 3 s late.
    """

    __slots__ = ("delay", "holder", "last_ns", "longest_ns", "running", "spent_ns", "thread")

    def __init__(self) -> None:
        self.running: WatchedCoroutine | None = None  # the one whose step is under way
        self.thread = UNKNOWN  # the loop's, known once the process has introduced itself
        self.delay = RunDelay()
        self.begin()

    def watch_this_thread(self) -> None:
        """Watch the loop of the calling thread."""
        self.thread = threading.get_ident()
        self.delay.watch_this_thread()

    def begin(self) -> None:
        """Begin a firing."""
        self.last_ns, self.longest_ns, self.holder = now(), 0, UNKNOWN
        self.spent_ns = [0, 0, 0, 0]  # by holder; of ELSEWHERE only what is more than waiting

    def mark(self, moment: int) -> None:
        """Close the gap that ends at this moment (ns) and charge it to the code that ran in it."""
        gap = moment - self.last_ns
        if gap > DELAY_READ_NS:
            gap = self.without_delay(gap)
        if self.running is not None:
            self.spent_ns[self.running.holder] += gap
        elif gap > IDLE_NS:
            self.spent_ns[ELSEWHERE] += gap
        if gap > self.longest_ns:
            self.longest_ns, self.holder = gap, holder_of(self.running)
        self.last_ns = moment

    def without_delay(self, gap: int) -> int:
        """Return a gap without the time for which the thread waited for a core (ns)."""
        return max(gap - self.delay.take(), 0)

    def running_here(self) -> WatchedCoroutine | None:
        """Return the coroutine that the calling code is a step of; None in any other thread."""
        return self.running if threading.get_ident() == self.thread else None

    def take(self) -> tuple[int, int]:
        """Return the longest gap since the last call (ns) and its holder.

        A gap that has not ended counts too.
        """
        longest, holder = self.longest_ns, self.holder
        self.longest_ns, self.holder = 0, UNKNOWN
        gap = max(now() - self.last_ns - self.delay.peek(), 0)
        return (gap, holder_of(self.running)) if gap > longest else (longest, holder)


class WatchedCoroutine:
    """One of a request's coroutines, and whose code it runs at the moment."""

    __slots__ = ("coroutine", "holder", "request")

    def __init__(self, coroutine: Any, request: Request, holder: int) -> None:
        self.coroutine = coroutine
        self.request = request
        self.holder = holder if request.counters is LOAD else IN_BYSTANDER

    def __del__(self) -> None:
        self.coroutine.close()  # it never ran if its task was cancelled before the first step

    def enter_view(self, moment: int) -> None:
        """Charge the view from this moment on."""
        mark(moment)
        if self.holder == IN_APP:
            self.holder = IN_VIEW

    def leave_view(self, moment: int) -> None:
        """Charge what is around the view again."""
        mark(moment)
        if self.holder == IN_VIEW:
            self.holder = IN_APP


def holder_of(running: WatchedCoroutine | None) -> int:
    """Return whose code runs while a step of this coroutine is under way."""
    return ELSEWHERE if running is None else running.holder


LOOP = LoopWatch()
mark, running_here = LOOP.mark, LOOP.running_here


# Written out in one function, since each step of each request pays for it.
@types.coroutine
def run_steps(watched: WatchedCoroutine) -> Any:  # noqa: C901 - see above
    """Run a request's coroutine, with a mark at both ends of each of its steps."""
    loop, request, coroutine = LOOP, watched.request, watched.coroutine
    send = coroutine.send
    value = error = None
    while True:
        outer, moment = loop.running, now()
        if outer is None and moment - loop.last_ns < min(loop.longest_ns, IDLE_NS):
            loop.last_ns = moment
        else:
            loop.mark(moment)
        if request.over:  # what it left running belongs to no request
            watched.holder = ELSEWHERE
        loop.running = watched
        try:
            yielded = send(value) if error is None else coroutine.throw(error)
        except StopIteration as stop:
            return stop.value
        finally:
            error = None  # its traceback refers to this frame
            ended = now()
            gap = ended - loop.last_ns
            if gap > DELAY_READ_NS:
                gap = loop.without_delay(gap)
            loop.spent_ns[watched.holder] += gap
            if gap > loop.longest_ns:
                loop.longest_ns, loop.holder = gap, watched.holder
            loop.last_ns, loop.running = ended, outer
        try:
            value = yield yielded
        except GeneratorExit:
            coroutine.close()
            raise
        except BaseException as thrown:
            value, error = None, thrown


async def run_steps_in_task(watched: WatchedCoroutine) -> Any:
    """Do the same as a coroutine, which a task can be made of."""
    return await run_steps(watched)


def watch_call(call: Any, request: Request) -> Any:
    """Return what to await for this call: the call itself if it is no coroutine."""
    return run_steps(WatchedCoroutine(call, request, IN_APP)) if hasattr(call, "send") else call


def watch_tasks(loop: Any) -> None:
    """Watch the steps of tasks that a request starts, too: Django runs its views in one."""
    make: Any = loop.get_task_factory() or (
        lambda loop, coroutine, **options: asyncio.Task(coroutine, loop=loop, **options)
    )

    def factory(loop: Any, coroutine: Any, **options: Any) -> Any:
        request = current_request()
        if request is None or request.over or not hasattr(coroutine, "send"):
            return make(loop, coroutine, **options)
        outer = LOOP.running
        watched = WatchedCoroutine(coroutine, request, IN_APP if outer is None else outer.holder)
        return make(loop, run_steps_in_task(watched), **options)

    loop.set_task_factory(factory)
