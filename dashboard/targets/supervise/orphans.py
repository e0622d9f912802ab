"""Ends processes whose guard and starter are gone: the last line, behind the guards.

Every process that `launcher` starts, and what it starts itself, has OWNER in its environment:
which process started it, by which of its starts, and for which home. A process is an orphan only if
it runs in our process namespace, under our own user id, for our own home, and its owner has ended,
by process id *and* start time: a later process may have the same id. No other process is ever
signalled.

An orphan exists only if `kill -9` meets both processes of a guard, or guard and starter, at
once. It is ended when that guard is missed, otherwise when Liveburst is started next with its home.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Self

from dashboard.state.home import home

OWNER = "LIVEBURST_OWNER"
_PROC = Path("/proc")
_STATE, _SESSION, _STARTED = 0, 3, 19  # fields of /proc/PID/stat behind the command's bracket
_ENDED = {b"Z", b"X"}
_MOST_SCANS, _PAUSE_S = 50, 0.01
_starts = count(1)


@dataclass(frozen=True)
class Owner:
    """The process that started others: its namespace, id and start time (ticks after boot)."""

    namespace: int
    pid: int
    started: int

    @classmethod
    def here(cls) -> Self:
        """Return this process. Raises OSError without /proc."""
        return cls((_PROC / "self/ns/pid").stat().st_ino, os.getpid(), _started(os.getpid()))

    @property
    def ended(self) -> bool:
        """Whether it has ended, by our own namespace; False if that is unknown."""
        try:
            os.kill(self.pid, 0)  # /proc may hide the processes of other users
            fields = _stat(self.pid)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return fields[_STATE] in _ENDED or int(fields[_STARTED]) != self.started


def new_mark() -> str:
    """Return the value of OWNER for one start by this process; empty without /proc."""
    try:
        owner = Owner.here()
    except OSError:
        return ""
    return f"{owner.namespace}:{owner.pid}:{owner.started}:{next(_starts)}:{_home_mark()}"


def _home_mark() -> str:
    """Return what tells our home from others; its path is not for everyone to see."""
    return hashlib.sha256(os.fsencode(home())).hexdigest()[:16]


def end_orphans() -> int:
    """Kill every process of our home whose owner has ended, and return how many there were."""
    try:
        here = Owner.here()
    except OSError:  # no /proc: nothing can be distinguished
        return 0

    own_home = _home_mark()

    def is_orphan(pid: int) -> bool:
        owner, home_mark = _owner_of(pid)
        if owner is None or owner.namespace != here.namespace:
            return False
        return home_mark in ("", own_home) and owner.ended  # earlier versions named no home

    return _kill_all(is_orphan)


def end_start(mark: str, guard: int) -> int:
    """Kill what one start of this process has left, whose guards were killed; return how many.

    Some servers overwrite their environment by their title, so the guard's session counts as
    well: the system does not give its number away while a process is in it.
    """
    if not mark or not sys.platform.startswith("linux"):
        return 0

    def is_left(pid: int) -> bool:
        in_session = not _exists(guard) and int(_stat(pid)[_SESSION]) == guard
        return in_session or _mark_of(pid) == mark

    return _kill_all(is_left)


def _kill_all(condition: Callable[[int], bool]) -> int:
    """Kill the processes for which the condition holds, until there are none."""
    killed: set[int] = set()
    for _ in range(_MOST_SCANS):
        present = [pid for pid in _own_processes() if _kill_if(pid, condition)]
        if not present:
            break
        killed.update(present)
        time.sleep(_PAUSE_S)
    return len(killed)


def _kill_if(pid: int, condition: Callable[[int], bool]) -> bool:
    """Kill the process if the condition holds; a pidfd is never that of a later process."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return False
    try:
        if _stat(pid)[_STATE] in _ENDED or not condition(pid):
            return False
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except OSError:  # it has ended
        return False
    finally:
        os.close(descriptor)
    return True


def _own_processes() -> Iterator[int]:
    """Yield the ids of the processes of our own user, this one left out."""
    for entry in os.scandir(_PROC):
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if entry.stat().st_uid == os.getuid():
                    yield int(entry.name)


def _owner_of(pid: int) -> tuple[Owner | None, str]:
    """Return the owner of a process, None without one, and the mark of its home."""
    namespace, pid_text, started, _, home_mark = (*_mark_of(pid).split(":"), *[""] * 5)[:5]
    try:
        return Owner(int(namespace), int(pid_text), int(started)), home_mark
    except ValueError:
        return None, home_mark


def _mark_of(pid: int) -> str:
    """Return the value of OWNER in a process's environment; empty without one."""
    prefix = f"{OWNER}=".encode()
    variables = (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    marks = (value.removeprefix(prefix) for value in variables if value.startswith(prefix))
    return next(marks, b"").decode(errors="replace")


def _started(pid: int) -> int:
    return int(_stat(pid)[_STARTED])


def _stat(pid: int) -> list[bytes]:
    # The command, in brackets, may contain spaces and brackets itself.
    return (_PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()


def _exists(pid: int) -> bool:
    return (_PROC / str(pid)).exists()
