"""A precise alarm: calls back at an instant of the monotonic clock, not at the next millisecond.

uvloop's timers have whole milliseconds: requests sent by them come in clumps. Two alternatives
were measured at 500, 2,000 and 5,000 wakeups per second, on a core of a virtual machine. Polling
in each turn of the loop woke 0.001 ms late, and used the whole core. A timer of the kernel that
the loop watches like a socket (timerfd, Linux) woke 0.04 to 0.08 ms late (median), 0.13 ms at
p99, and used 3, 9 and 18 % of the core. We use the second: the dashboard may share the core, and
the CPU time of a load generator that polls does not show how busy it is. Without timerfd, the
last two milliseconds are polled.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
from collections.abc import Callable
from time import monotonic_ns
from typing import Protocol

from dashboard.wire.units import NS_PER_S

POLLED_NS = 2_000_000  # a timer of uvloop may be a millisecond early or late
TFD_NONBLOCK, TFD_CLOEXEC, TFD_TIMER_ABSTIME = os.O_NONBLOCK, getattr(os, "O_CLOEXEC", 0), 1
CLOCK_MONOTONIC = 1


class Alarm(Protocol):
    """Rings once for each `set`; for an instant in the past, in the loop's next turn."""

    def set(self, at_ns: int) -> None:
        """Ring at this instant, instead of the one set before."""

    def cancel(self) -> None:
        """Do not ring."""

    def close(self) -> None:
        """Release the alarm; it never rings again."""


def make_alarm(ring: Callable[[], None]) -> Alarm:
    """Return the most precise alarm of this system. `ring` is called in the running loop."""
    return TimerAlarm(ring) if sys.platform == "linux" else PollingAlarm(ring)


class _Setting(ctypes.Structure):
    """struct itimerspec."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("at_s", ctypes.c_long),
        ("at_ns", ctypes.c_long),
    )


class TimerAlarm:
    """An alarm by a timer of the kernel, through ctypes: `os` has it only since Python 3.13."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._timer = self._libc.timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)
        if self._timer < 0:
            raise OSError(ctypes.get_errno(), "expected a timer of the kernel (timerfd_create)")
        self._setting = _Setting()
        self._loop.add_reader(self._timer, self._on_expired)

    def set(self, at_ns: int) -> None:
        """Ring at this instant, instead of the one set before."""
        self._setting.at_s, self._setting.at_ns = divmod(at_ns, NS_PER_S)
        # Setting a timer also clears its expiration, so nothing needs to be read.
        self._libc.timerfd_settime(
            self._timer, TFD_TIMER_ABSTIME, ctypes.byref(self._setting), None
        )

    def cancel(self) -> None:
        """Do not ring."""
        self.set(0)  # disarms it

    def close(self) -> None:
        """Release the alarm; it never rings again."""
        if self._timer >= 0:
            self._loop.remove_reader(self._timer)
            os.close(self._timer)
            self._timer = -1

    def _on_expired(self) -> None:
        self.cancel()
        self._ring()


class PollingAlarm:
    """An alarm by a timer of the loop until shortly before, then by polling in each turn."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._loop = asyncio.get_running_loop()
        self._at_ns = 0
        self._handle: asyncio.Handle | None = None

    def set(self, at_ns: int) -> None:
        """Ring at this instant, instead of the one set before."""
        self.cancel()
        self._at_ns = at_ns
        sleep_ns = at_ns - POLLED_NS - monotonic_ns()
        if sleep_ns > 0:
            self._handle = self._loop.call_later(sleep_ns / NS_PER_S, self._poll)
        else:
            self._handle = self._loop.call_soon(self._poll)

    def cancel(self) -> None:
        """Do not ring."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def close(self) -> None:
        """Release the alarm; it never rings again."""
        self.cancel()

    def _poll(self) -> None:
        if monotonic_ns() < self._at_ns:
            self._handle = self._loop.call_soon(self._poll)
        else:
            self._handle = None
            self._ring()
