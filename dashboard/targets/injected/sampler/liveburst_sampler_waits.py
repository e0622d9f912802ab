"""Tells what a thread that does not move waits for: the GIL, a core, or what it called.

Linux shows the system call that a thread is in, and its arguments: /proc/self/task/N/syscall. One
that waits for the GIL is in a futex inside of `_PyRuntime`, the interpreter's own state; the locks
of a project are elsewhere. Such a thread is ready to run, and so is one that waits for a core;
without this, eight threads that compute would seem to be blocked for seven eighths of the time.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Optional

from liveburst_sampler_quiet import address_of, quiet_reader

UNKNOWN, GIL, CORE, CALL = range(4)
RUNTIME = "_PyRuntime"
# Where the GIL is in it: at 430 bytes in Python 3.9 to 3.11, at 77,000 in 3.12, 96,000 in 3.13.
RUNTIME_BYTES = 4096 if sys.version_info < (3, 12) else 256 * 1024
MOST_FILES = 256


class Waits:
    """The open files of the threads that are looked at, and where the GIL is."""

    def __init__(self) -> None:
        self.read: Optional[Callable[[int], bytes]] = quiet_reader()
        self.files: dict[int, int] = {}  # descriptors, by the system's number of a thread
        self.runtime = address_of(RUNTIME)
        self.are_known = self.runtime is not None and os.access("/proc/self/syscall", os.R_OK)

    def keep(self, natives: set[int]) -> None:
        """Open the files of these threads, and close all others; this gives the GIL away."""
        for native in [native for native in self.files if native not in natives]:
            os.close(self.files.pop(native))
        for native in natives:
            self.open(native)

    def open(self, native: int) -> None:
        """Open the file of a thread, unless it is open."""
        if self.read is None or native in self.files or len(self.files) >= MOST_FILES:
            return
        try:
            path = f"/proc/self/task/{native}/syscall"
            self.files[native] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # no Linux, or the thread has ended
            pass

    def of(self, native: int) -> int:
        """Return what a thread that does not move waits for."""
        descriptor = self.files.get(native)
        text = b"" if descriptor is None or self.read is None else self.read(descriptor)
        if text.startswith(b"running"):
            return CORE
        if not text or self.runtime is None:
            return UNKNOWN
        inside = 0 <= first_argument(text) - self.runtime < RUNTIME_BYTES
        return GIL if inside else CALL


def first_argument(text: bytes) -> int:
    """Return the first argument of the system call that a thread is in; -1 if it is in none."""
    fields = text.split()
    try:
        return int(fields[1], 16) if int(fields[0]) >= 0 else -1
    except (IndexError, ValueError):
        return -1
