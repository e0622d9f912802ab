"""How long to wait for a process to start.

A start that uses no CPU is given up soon. One that uses CPU is not: a large project imports for
half a minute, and a busy machine delays every start. A lab.toml may set the time itself
(`start_timeout_s`), for an application that waits for something while it is imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from dashboard.targets.observe.proc_stats import process_tree, read_process
from dashboard.wire.units import NS_PER_S

START_TIMEOUT_S = 20.0
LONGEST_START_S = 120.0
LEAST_CPU_SHARE = 0.01  # of one core: an idle server uses a tenth of that
CPU_READINGS = 4  # within `timeout_s`
LEAST_POLLS = 40  # within `timeout_s`
MOST_POLL_INTERVAL_S = 0.5
NOTICE_AFTER_S = 2.0  # most servers start within that time


class StartDeadline:
    """The time by which `pid` and the processes below it must have started.

    They have `start_timeout_s` seconds, whatever they do. If that is None, they have `timeout_s`
    seconds in any case, and up to LONGEST_START_S while they use the CPU.
    `on_wait` is called with how long it has taken, once a second from NOTICE_AFTER_S on.
    `passed` is to be polled every `poll_interval_s`. At most twice that is counted between two
    polls: in a longer gap the polling process itself was kept from running.
    """

    def __init__(
        self,
        pid: int,
        start_timeout_s: float | None = None,
        on_wait: Callable[[str], None] | None = None,
        *,
        timeout_s: float | None = None,
    ) -> None:
        self._on_wait = on_wait
        self.timeout_s = start_timeout_s or timeout_s or START_TIMEOUT_S
        self.longest_s = start_timeout_s or LONGEST_START_S
        self.poll_interval_s = min(self.timeout_s / LEAST_POLLS, MOST_POLL_INTERVAL_S)
        self._pid = pid
        self._noticed_s = NOTICE_AFTER_S
        self._waited_s = 0.0
        self._polled_s = self._read_s = time.monotonic()
        self._uses_cpu = True
        self._cpu_ns: dict[int, int] = {}

    def passed(self) -> bool:
        """Return True once the time is up. Reads /proc only CPU_READINGS times per timeout."""
        now_s = time.monotonic()
        self._waited_s += min(now_s - self._polled_s, 2 * self.poll_interval_s)
        self._polled_s = now_s
        self._report_wait()
        if now_s - self._read_s >= self.timeout_s / CPU_READINGS:
            self._read_cpu(now_s)
        if self._waited_s < self.timeout_s:
            return False
        return not self._uses_cpu or self._waited_s >= self.longest_s

    def _report_wait(self) -> None:
        if self._on_wait and self._waited_s >= self._noticed_s:
            self._noticed_s = self._waited_s + 1.0
            self._on_wait(f"starting for {self._waited_s:.0f} s of at most {self.longest_s:g} s")

    def _read_cpu(self, now_s: float) -> None:
        """Note whether the processes have used the CPU since the last reading."""
        before = self._cpu_ns
        pids = (self._pid, *process_tree(self._pid))
        self._cpu_ns = {pid: read_process(pid).get("cpu", 0) for pid in pids}
        used_ns = sum(max(0, cpu - before.get(pid, 0)) for pid, cpu in self._cpu_ns.items())
        self._uses_cpu = used_ns / NS_PER_S > LEAST_CPU_SHARE * (now_s - self._read_s)
        self._read_s = now_s
