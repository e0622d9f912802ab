"""Reads how long a thread was ready to run and had no core; part of the probe.

Standard library alone, Python 3.9.
"""

from __future__ import annotations

import os
import threading
from typing import Optional


class RunDelay:
    """The time for which one thread waited for a core, as Linux counts it.

    On a busy machine code that is about to run waits for milliseconds. That time belongs to the
    machine, not to the code: without it, code that runs 1 ms would seem to hold a loop for 20 ms.
    A read takes 1.2 us. Elsewhere than on Linux the time is always 0.
    """

    __slots__ = ("descriptor", "last_ns")

    def __init__(self) -> None:
        self.descriptor: Optional[int] = None
        self.last_ns = 0  # the count at the last `take`

    def watch_this_thread(self) -> None:
        """Count the calling thread's time from now on."""
        self.close()
        path = f"/proc/self/task/{threading.get_native_id()}/schedstat"
        try:
            self.descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            return
        self.take()

    def close(self) -> None:
        """Stop counting."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def peek(self) -> int:
        """Return the time since the last `take` (ns)."""
        return self._count() - self.last_ns

    def take(self) -> int:
        """Return the time since the last call (ns)."""
        count = self._count()
        since, self.last_ns = count - self.last_ns, count
        return since

    def _count(self) -> int:
        """Return the second field of schedstat; the first is the time on a core."""
        if self.descriptor is None:
            return self.last_ns
        try:
            return int(os.pread(self.descriptor, 100, 0).split()[1])
        except (OSError, IndexError, ValueError):
            return self.last_ns
