"""Tells what a thread that does not move waits for: the GIL, a core, or what it called.

Linux shows the system call that a thread is in: /proc/self/task/N/syscall. A thread that waits for
the GIL is in a futex at one address, which is learnt by making one wait. It is ready to run, and
so is one that waits for a core; without this, eight threads that compute would seem to be blocked
for seven eighths of the time.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Optional

from liveburst_request import now
from liveburst_sampler_quiet import quiet_reader
from liveburst_sampler_works import get_native
from liveburst_unpatched import unpatched

UNKNOWN, GIL, CORE, CALL = range(4)
GIL_BYTES = 256  # its lock has several futexes, close to each other
MOST_FILES = 256
TRIES = 20
PATIENCE_NS = 1_000_000  # from losing the GIL to waiting for it: 0.05 ms, more on a busy core

Futex = tuple[int, int]  # number of the system call, address


class Waits:
    """The open files of the threads that are looked at."""

    def __init__(self) -> None:
        self.read: Optional[Callable[[int], bytes]] = quiet_reader()
        self.files: dict[int, int] = {}  # descriptors, by the system's number of a thread
        self.gil: Optional[Futex] = None

    def learn(self) -> None:
        """Learn where threads wait for the GIL, unless it is known. Takes some milliseconds."""
        if self.gil is not None or self.read is None:
            return
        spinning, natives = [True], list[int]()

        def spin() -> None:
            natives.append(get_native())
            while spinning:
                pass

        unpatched("_thread", "start_new_thread")(spin, ())
        sleep: Any = unpatched("time", "sleep")
        try:
            for _ in range(TRIES):
                sleep(0.001)  # the other thread has the GIL now, and waits for it afterwards
                if natives:
                    self.open(natives[0])
                    self.gil = self.wait_for_futex(natives[0])
                if self.gil is not None:
                    break
        finally:
            spinning.clear()

    def wait_for_futex(self, native: int) -> Optional[Futex]:
        """Return the futex that a thread soon waits at; None if it does not get that far."""
        until_ns = now() + PATIENCE_NS
        futex = None
        while futex is None and now() < until_ns:
            futex = futex_in(self.text_of(native))
        return futex

    def open(self, native: int) -> None:
        """Open the file of a thread; this gives the GIL away."""
        if self.read is None or native in self.files or len(self.files) >= MOST_FILES:
            return
        try:
            path = f"/proc/self/task/{native}/syscall"
            self.files[native] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # no Linux, or the thread has ended
            pass

    def keep(self, natives: set[int]) -> None:
        """Open the files of these threads, and close all others; this gives the GIL away."""
        for native in [native for native in self.files if native not in natives]:
            os.close(self.files.pop(native))
        for native in natives:
            self.open(native)

    def of(self, native: int) -> int:
        """Return what a thread that does not move waits for."""
        text = self.text_of(native)
        if text.startswith(b"running"):
            return CORE
        if not text or self.gil is None:
            return UNKNOWN
        futex = futex_in(text)
        if futex is None or futex[0] != self.gil[0]:
            return CALL
        return GIL if abs(futex[1] - self.gil[1]) < GIL_BYTES else CALL

    def text_of(self, native: int) -> bytes:
        """Return what the system says of a thread; empty if that is not known."""
        descriptor = self.files.get(native)
        return b"" if descriptor is None or self.read is None else self.read(descriptor)


def futex_in(text: bytes) -> Optional[Futex]:
    """Return the system call and its first argument; None for a thread that is in none."""
    fields = text.split()
    try:
        number = int(fields[0])
        return None if number < 0 else (number, int(fields[1], 16))
    except (IndexError, ValueError):
        return None
