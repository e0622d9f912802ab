"""Which processes carry a mark, what is below one, and the sockets that they listen on.

Everything is looked up by mark, process or socket, never by port number: many strikes are made
side by side, and the system gives a port that one has freed to another.
"""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

POLL_S = 0.05
_MARK = b"LIVEBURST_MARK="
_LISTENING = "0A"  # in /proc/net/tcp
_PARENT = 1  # of the fields of /proc/PID/stat behind the command's bracket


def until(condition: Callable[[], object], timeout_s: float, poll_s: float = POLL_S) -> bool:
    """Poll until the condition holds; return whether it did in time."""
    deadline_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(poll_s)
    return True


class Marks:
    """The processes by their mark. One look at /proc serves all strikes that ask meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._looked_s = -1.0
        self._pids: Mapping[str, Sequence[int]] = {}

    def pids(self, mark: str, max_age_s: float = 0.0) -> Sequence[int]:
        """Return the processes with this mark, zombies left out, by a look of at most this age.

        0: a look that began after the call.
        """
        called_s = time.monotonic()
        with self._lock:
            if self._looked_s < called_s - max_age_s:
                self._looked_s = time.monotonic()
                self._pids = _look()
            return self._pids.get(mark, ())


def _look() -> Mapping[str, Sequence[int]]:
    pids: defaultdict[str, list[int]] = defaultdict(list)
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                if mark := _mark_in(Path("/proc", entry.name, "environ").read_bytes()):
                    pids[mark].append(int(entry.name))
    return pids


def _mark_in(environment: bytes) -> str:
    """Return the value of the mark's variable; empty without one."""
    if _MARK not in environment:
        return ""
    for variable in environment.split(b"\0"):
        if variable.startswith(_MARK):
            return variable.removeprefix(_MARK).decode(errors="replace")
    return ""


def marked(mark: str) -> Iterator[psutil.Process]:
    """Yield the processes with this mark in their environment, zombies left out."""
    for pid in _look().get(mark, ()):
        with suppress(psutil.Error):
            yield psutil.Process(pid)


def command_of(pid: int) -> list[str]:
    """Return the command line of a process; empty once it has ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return []


def parent_of(pid: int) -> int:
    """Return the parent's process id; 0 once the process has ended."""
    with suppress(OSError, IndexError):
        # The command, in brackets, may contain spaces and brackets itself.
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[_PARENT])
    return 0


def descends_from(pid: int, ancestor: int) -> bool:
    """Return True if a process is below another, or has ended."""
    while pid not in (ancestor, 0, 1):
        pid = parent_of(pid)
    return pid != 1


def is_guard(pid: int) -> bool:
    """Return True if the process runs `guard.py`."""
    return any(word.endswith("supervise/guard.py") for word in command_of(pid)[1:5])


def is_alive(process: psutil.Process) -> bool:
    """Return False if the process has ended, reaped or not."""
    with suppress(psutil.Error):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def listening() -> Mapping[int, int]:
    """Return the port of each listening TCP socket of this machine, by the socket's inode."""
    ports = {}
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in Path("/proc/net", name).read_text().splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENING:
                    ports[int(words[9])] = int(words[1].rpartition(":")[2], 16)
    return ports


def listening_sockets(pids: Iterable[int]) -> set[int]:
    """Return the inodes of the TCP sockets on which these processes listen."""
    return {inode for pid in pids for inode in _sockets_of(pid)} & set(listening())


def _sockets_of(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):  # closed meanwhile
                kind, _, inode = str(Path(entry.path).readlink()).partition(":[")
                if kind == "socket":
                    yield int(inode.removesuffix("]"))


def shown(pids: Iterable[int]) -> str:
    """Return the processes that still exist, each with its command."""
    commands = ((pid, " ".join(command_of(pid))) for pid in pids)
    return "; ".join(f"{pid} {command[:160]}" for pid, command in commands if command)


def processes_below(victim: psutil.Process) -> list[psutil.Process]:
    """Return what must end with a process: all below it, for a guard below the outer one."""
    with suppress(psutil.Error):
        parent = victim.parent()
        guarded = parent is not None and is_guard(parent.pid) and is_guard(victim.pid)
        top = parent if parent is not None and guarded else victim
        return [victim, *top.children(recursive=True)] if is_guard(victim.pid) else [victim]
    return [victim]
