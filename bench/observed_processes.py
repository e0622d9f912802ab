"""Which processes carry a strike's mark, what is below one, and the ports that they listen on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil


def until(condition: Callable[[], object], timeout_s: float) -> bool:
    """Poll until the condition holds; return whether it did in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.02)
    return True


def marked(mark: str) -> Iterator[psutil.Process]:
    """Yield the processes with this mark in their environment."""
    wanted = f"LIVEBURST_MARK={mark}".encode()
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, psutil.Error):
            if wanted in (directory / "environ").read_bytes().split(b"\0"):
                yield psutil.Process(int(directory.name))


def is_guard(process: psutil.Process) -> bool:
    """Return True if the process runs `guard.py`."""
    with suppress(psutil.Error):
        return any(word.endswith("supervise/guard.py") for word in process.cmdline()[1:5])
    return False


def is_alive(process: psutil.Process) -> bool:
    """Return False if the process has ended, reaped or not."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def listening_ports(process: psutil.Process) -> Iterator[int]:
    """Yield the TCP ports on which the process listens."""
    with suppress(psutil.Error):
        for connection in process.net_connections("tcp"):
            if connection.status == psutil.CONN_LISTEN:
                yield connection.laddr.port


def all_ports() -> set[int]:
    """Return the TCP ports on which any process listens."""
    connections = psutil.net_connections("tcp")
    return {
        found.laddr.port
        for found in connections
        if found.laddr and found.status == psutil.CONN_LISTEN
    }


def shown(processes: Iterable[psutil.Process]) -> str:
    """Return the processes that still exist, each with its command."""
    lines = []
    for process in processes:
        with suppress(psutil.Error):
            lines.append(f"{process.pid} {' '.join(process.cmdline())[:80]}")
    return "; ".join(lines)


def processes_below(victim: psutil.Process) -> list[psutil.Process]:
    """Return what must end with a process: all below it, for a guard below the outer one."""
    with suppress(psutil.Error):
        parent = victim.parent()
        top = parent if parent is not None and is_guard(parent) and is_guard(victim) else victim
        return [victim, *top.children(recursive=True)] if is_guard(victim) else [victim]
    return [victim]
