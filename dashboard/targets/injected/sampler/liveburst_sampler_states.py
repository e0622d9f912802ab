"""Decides what a thread did between two looks; for the sampler.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import time
from typing import Optional

from liveburst_sampler_waits import CORE, GIL, UNKNOWN
from liveburst_sampler_works import THREADS, forget_idle

# In the order of `wire/report/where.py`.
CPU, BLOCKING, HOLDING, AWAITING = "cpu", "blocking", "holding", "awaiting"


def is_on_cpu(moved_ns: int, since_ns: int, waits: int) -> bool:
    """Return True if a thread ran, or was ready to run, for most of the time.

    `moved_ns` is what its CPU clock did in the time. Where it is not known what the thread waits
    for, a tenth suffices: of threads that share the GIL each has its part only.
    """
    if waits in (GIL, CORE) or 2 * moved_ns > since_ns:
        return True
    return waits == UNKNOWN and 10 * moved_ns > since_ns


def state_of_thread(on_cpu: bool, on_loop: bool, held_ns: int, interval_ns: int) -> str:
    """Return the state of a thread that runs code of a request.

    `on_loop`: it is a thread whose event loop serves requests. Such a thread is never `blocking`:
    what waits there holds the loop, as does what has not given way for an interval (`held_ns`).
    """
    if on_loop and (held_ns >= interval_ns or not on_cpu):
        return HOLDING
    return CPU if on_cpu else BLOCKING


class Clocks:
    """The CPU clocks of the threads that worked for a visit since the last look, read by each.

    A thread that works for none is read once more, and then forgotten until it does: under ASGI
    each request has a thread of Django's, which waits beside it for most of the time.
    """

    def __init__(self) -> None:
        self.are_known = True  # False once a thread had none
        # By the system's number: Python's own is given to the next thread at once.
        self.last_ns: dict[int, int] = {}
        self.moved_ns: dict[int, int] = {}

    def read(self) -> None:
        """Read them, without giving the GIL away."""
        last_ns, self.last_ns, self.moved_ns = self.last_ns, {}, {}
        for thread, (clock, first_ns, native) in list(THREADS.items()):
            present_ns = read_clock(clock)
            if present_ns is None:
                THREADS.pop(thread, None)
                continue
            self.are_known &= clock is not None
            self.last_ns[native] = present_ns
            self.moved_ns[thread] = (
                0 if clock is None else present_ns - last_ns.get(native, first_ns)
            )
            forget_idle(thread)

    def busy(self, since_ns: int) -> float:
        """Return the part of this time in which threads computed, 0 to 1; 1 if it is unknown."""
        if not self.are_known:
            return 1.0
        return min(sum(self.moved_ns.values()) / max(since_ns, 1), 1.0)

    def that_ran(self, time_ns: int) -> list[int]:
        """Return the threads that ran for most of this time."""
        return [thread for thread, ns in self.moved_ns.items() if 10 * ns > 7 * time_ns]


def read_clock(clock: Optional[int]) -> Optional[int]:
    """Return the CPU time of a thread (ns), 0 if it has no clock; None if it has ended."""
    if clock is None:
        return 0
    try:
        return time.clock_gettime_ns(clock)
    except OSError:
        return None
