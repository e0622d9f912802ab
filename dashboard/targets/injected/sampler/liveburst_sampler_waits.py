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
from typing import Optional

from liveburst_sampler_quiet import QuietFiles, address_of, quiet_files

UNKNOWN, GIL, CORE, CALL = range(4)
RUNTIME = "_PyRuntime"
# Where the GIL is in it: at 430 bytes in Python 3.9 to 3.11, at 77,000 in 3.12, 96,000 in 3.13.
RUNTIME_BYTES = 4096 if sys.version_info < (3, 12) else 256 * 1024
MOST_FILES = 64  # that are open at a time


class Waits:
    """The files of threads that were looked at, open for the next look, and where the GIL is.

    A file is opened by the look that needs it. Before, those of all threads were, as soon as these
    were known: under ASGI, where Django starts a thread for each request, two calls for each that
    gave the GIL away, and asked the event loop for it back.
    """

    def __init__(self) -> None:
        self.system: Optional[QuietFiles] = quiet_files()
        self.files: dict[int, int] = {}  # descriptors, by the system's number of a thread
        self.runtime = address_of(RUNTIME)
        self.are_known = self.runtime is not None and os.access("/proc/self/syscall", os.R_OK)

    def text_of(self, native: int) -> bytes:
        """Return what the system shows of a thread; nothing if it has ended, or without Linux."""
        if self.system is None:
            return b""
        if native not in self.files:
            if len(self.files) >= MOST_FILES:
                self.close(next(iter(self.files)))  # the one that has been open for longest
            path = f"/proc/self/task/{native}/syscall"
            self.files[native] = self.system.open(path.encode())
        text = self.system.read(self.files[native])
        if not text:  # another thread may get its number
            self.close(native)
        return text

    def close(self, native: int) -> None:
        """Close the file of a thread."""
        descriptor = self.files.pop(native)
        if self.system is not None and descriptor >= 0:
            self.system.close(descriptor)

    def close_all(self) -> None:
        """Close every file."""
        for native in list(self.files):
            self.close(native)

    def of(self, native: int) -> int:
        """Return what a thread that does not move waits for."""
        text = self.text_of(native)
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
