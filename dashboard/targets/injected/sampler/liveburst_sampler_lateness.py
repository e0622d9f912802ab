"""Measures how late the sampler's own looks are: what makes it late held the GIL.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

import os
from typing import Optional

from liveburst_request import now
from liveburst_sampler_quiet import QuietFiles
from liveburst_sampler_works import get_native

MOST_KEPT = 1000  # between two lines of the file


class Lateness:
    """How late each look was, without the time for which the sampler's thread had no core.

    The latter is read as `liveburst_run_delay` does, but without giving the GIL away: a look must
    meet the code that made it late.
    """

    def __init__(self, system: Optional[QuietFiles]) -> None:
        self.system = system
        self.descriptor: Optional[int] = None
        self.delay_ns = 0  # the count at the last look
        self.kept: list[int] = []

    def watch_this_thread(self) -> None:
        """Measure the calling thread from now on."""
        try:
            path = f"/proc/self/task/{get_native()}/schedstat"
            self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # no Linux
            return
        self.delay_ns = self.count()

    def of(self, due_ns: int) -> int:
        """Return how late a look is that was due at this instant (ns)."""
        moment, count = now(), self.count()
        without_core_ns, self.delay_ns = count - self.delay_ns, count
        return max(moment - due_ns - without_core_ns, 0)

    def keep(self, late_ns: int) -> None:
        """Keep the lateness of a look for the next line."""
        if len(self.kept) < MOST_KEPT:
            self.kept.append(late_ns)

    def take(self) -> list[int]:
        """Return what was kept since the last call."""
        kept, self.kept = self.kept, []
        return kept

    def count(self) -> int:
        """Return for how long the thread has had no core so far (ns)."""
        if self.descriptor is None or self.system is None:
            return 0
        try:
            return int(self.system.read(self.descriptor).split()[1])
        except (IndexError, ValueError):
            return self.delay_ns
