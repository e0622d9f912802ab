"""What the system reports about a process: threads, memory, CPU time, context switches.

Read 20 times a second for each process while a firing is on, so it is cheap on Linux: one
file and one system call. Elsewhere psutil is used.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil

from dashboard.wire.units import NS_PER_S

_LINUX = sys.platform == "linux"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_THREADS, _RSS_PAGES = 17, 21  # fields of /proc/PID/stat after the command's closing bracket


# The kernel's lists of children, which it may have been built without.
_HAS_CHILDREN = Path(f"/proc/self/task/{os.getpid()}/children").exists()


def process_tree(pid: int) -> list[int]:
    """Return the process ids below `pid`, without its own; empty if it has ended."""
    if _HAS_CHILDREN:
        return _tree_from_proc(pid)
    with suppress(psutil.Error):
        return [process.pid for process in psutil.Process(pid).children(recursive=True)]
    return []


def _tree_from_proc(pid: int) -> list[int]:
    """Follow the lists of children: psutil reads every process of the machine, 5 ms for 100."""
    below: list[int] = []
    parents = [pid]
    while parents:
        parent = parents.pop()
        with suppress(OSError):  # it has ended
            for task in Path(f"/proc/{parent}/task").iterdir():
                with suppress(OSError):  # a thread that has ended
                    children = [int(child) for child in (task / "children").read_bytes().split()]
                    below += children
                    parents += children
    return below


def exists(pid: int) -> bool:
    """Return True if the process is running, and False for a zombie."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def read_process(pid: int) -> dict[str, int]:
    """Return columns `threads`, `rss` (bytes) and `cpu` (ns) of a process; empty if it ended."""
    try:
        return _from_proc(pid) if _LINUX else _from_psutil(pid)
    except (OSError, psutil.Error):
        return {}


def read_switches(pid: int) -> dict[str, int]:
    """Return column `switches` of a process without the probe, for the threads it has now.

    The kernel forgets those of threads that ended; a server's master hardly has any.
    """
    total = 0
    try:
        for status in Path(f"/proc/{pid}/task").glob("*/status"):
            for line in status.read_text().splitlines()[-2:]:  # voluntary and nonvoluntary
                total += int(line.partition(":")[2])
    except (OSError, ValueError):
        return {}
    return {"switches": total} if total else {}


def _from_proc(pid: int) -> dict[str, int]:
    stat = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    # The clock of another process (clock_getcpuclockid): exact, where stat counts in 10 ms.
    cpu_clock = (~pid << 3) | 2
    return {
        "threads": int(stat[_THREADS]),
        "rss": int(stat[_RSS_PAGES]) * _PAGE_BYTES,
        "cpu": time.clock_gettime_ns(cpu_clock),
    }


def _from_psutil(pid: int) -> dict[str, int]:
    process = psutil.Process(pid)
    with process.oneshot():
        times = process.cpu_times()
        return {
            "threads": process.num_threads(),
            "rss": process.memory_info().rss,
            "cpu": int((times.user + times.system) * NS_PER_S),
        }
