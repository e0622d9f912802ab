"""How long the start of a process is waited for.

A start that does nothing is given up soon. One whose processes use the CPU is not: a large project
imports for half a minute, and a busy machine makes every start late.
"""

from __future__ import annotations

import time

from dashboard.targets.observe.proc_stats import process_tree, read_process
from dashboard.wire.units import NS_PER_S

LONGEST_START_S = 120.0
LEAST_SHARE = 0.01  # of one core: an idle server uses a tenth of that
LOOKS = 4  # in the time that a start has in any case
ASKED = 40  # times at least, by whoever waits


class StartDeadline:
    """The time by which the processes below `pid` must have started.

    They have `timeout_s` seconds in any case, and up to LONGEST_START_S while they work. Ask every
    `ask_every_s`: a longer gap means that the asking process itself was kept from running, which
    is not held against the start.
    """

    def __init__(self, pid: int, timeout_s: float) -> None:
        self.ask_every_s = timeout_s / ASKED
        self._pid = pid
        self._timeout_s = timeout_s
        self._waited_s = 0.0
        self._asked_s = self._looked_s = time.monotonic()
        self._working = True
        self._cpu_ns: dict[int, int] = {}

    def passed(self) -> bool:
        """Return True once the start has had its time. Cheap, so it may be asked often."""
        now_s = time.monotonic()
        self._waited_s += min(now_s - self._asked_s, 2 * self.ask_every_s)
        self._asked_s = now_s
        if now_s - self._looked_s >= self._timeout_s / LOOKS:
            self._look(now_s)
        if self._waited_s < self._timeout_s:
            return False
        return not self._working or self._waited_s >= LONGEST_START_S

    def _look(self, now_s: float) -> None:
        """Read how much CPU time the processes used since the last look."""
        before = self._cpu_ns
        pids = (self._pid, *process_tree(self._pid))
        self._cpu_ns = {pid: read_process(pid).get("cpu", 0) for pid in pids}
        used_ns = sum(max(0, cpu - before.get(pid, 0)) for pid, cpu in self._cpu_ns.items())
        self._working = used_ns / NS_PER_S > LEAST_SHARE * (now_s - self._looked_s)
        self._looked_s = now_s
