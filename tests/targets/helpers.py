"""Waiting for conditions, and finding the processes that a test has started."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path

import psutil

from dashboard.project.model.server import Server
from dashboard.project.servers.catalogue import SERVERS
from dashboard.targets.preparation.server_packages import installed_versions

ROOT = Path(__file__).parents[2]
LIVEAPP = ROOT / "liveapp" / "lab.toml"

# The servers installed here; uWSGI is not a dependency.
AVAILABLE = [
    name for name, server in SERVERS.items() if {*server.packages} <= installed_versions().keys()
]


def two_workers(server: Server) -> Server:
    """Return the server with two processes, if it can have them."""
    return replace(server, processes=2) if server.processes_settable else server


PATIENCE_S = 30.0  # a machine that others use may be slow; it is not a limit of ours


def until(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> bool:
    """Poll until the condition holds; return whether it did in time."""
    deadline = time.monotonic() + timeout_s
    while True:
        begin = time.monotonic()
        if condition():
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_pause_s(time.monotonic() - begin))


async def until_async(condition: Callable[[], object], timeout_s: float = PATIENCE_S) -> bool:
    """Poll as `until` does, without blocking the event loop."""
    deadline = time.monotonic() + timeout_s
    while True:
        begin = time.monotonic()
        if condition():
            return True
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_pause_s(time.monotonic() - begin))


def _pause_s(look_s: float) -> float:
    """Return how long to wait after a look that took so long, so as to leave the CPU to others.

    `marked` reads the environment of every process of the machine, which takes milliseconds.
    """
    return min(max(0.01, 4 * look_s), 0.05)


def marked(mark: str) -> list[int]:
    """Return the ids of processes with the mark in their environment, zombies excluded."""
    wanted = f"LIVEBURST_MARK={mark}".encode()
    processes = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (directory / "environ").read_bytes().split(b"\0"):
                processes.append(int(directory.name))
        except OSError:
            continue
    return processes


def listening_ports(processes: Container[int | None] | None = None) -> set[int]:
    """Return the TCP ports on which any process, or one of these, listens."""
    return {
        connection.laddr.port
        for connection in psutil.net_connections("tcp4")
        if connection.status == "LISTEN" and connection.laddr
        if processes is None or connection.pid in processes
    }


def descriptors() -> int:
    """Return the number of open descriptors of this process."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
