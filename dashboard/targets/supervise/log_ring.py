"""Keeps log files within a limit while other processes write to them. Runs in the guard.

The writers have the file itself, opened to append, and no pipe: nothing is read or copied on
their behalf, so a log costs a measured target what it always did, and a slow or starved reader
cannot hold it up. Once the file is longer than the limit, its last quarter is written over its
start and the rest cut off: a reader never finds it empty. So a log takes the limit, and what is
written within the short time between two looks: at 500 MB/s that is 25 MB in LONGEST_PAUSE_S,
more if the guard waits for a CPU.

A log that is not written to costs nothing: inotify wakes this process at the first write, once,
and only while the file grows is its length looked at, at most every SHORTEST_PAUSE_S.
"""

# The standard library alone: see `guard`. Importing pathlib would double the time of its start.
from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import sys
from collections.abc import Collection, Iterable

SHORTEST_PAUSE_S, LONGEST_PAUSE_S = 0.01, 0.05
IDLE_PAUSE_S = 0.25  # where the system has no inotify
MOST_KEPT_BYTES = 1 << 20
CUT = b"[Liveburst: older lines of this log were dropped, %d bytes.]\n"
IN_MODIFY, IN_ONESHOT = 0x2, 0x80000000
EVENT_BYTES = 4096


class LogRing:
    """Those of the `candidates` (descriptors) that are regular files, each kept below a limit.

    `limit_bytes` 0: no limit. `descriptors` are to be polled, and `look` called after each poll,
    at the latest after `next_look_s`.
    """

    def __init__(self, candidates: Iterable[int], limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._files = _regular_files(candidates) if limit_bytes else []
        self._sizes = [os.fstat(file).st_size for file in self._files]
        self._notifier = _Notifier(self._files) if self._files else None
        self._growing = bool(self._files)  # a first look, for what was there already
        self._pause_s = SHORTEST_PAUSE_S

    @property
    def descriptors(self) -> list[int]:
        """The descriptors that are readable once a file grows."""
        return [self._notifier.descriptor] if self._notifier and self._notifier.works else []

    @property
    def next_look_s(self) -> float | None:
        """The time until the next look (s); None if the descriptors report it."""
        if self._growing:
            return self._pause_s
        return None if self.descriptors or not self._files else IDLE_PAUSE_S

    def look(self, ready: Collection[int] = ()) -> None:
        """Cut what is too long. A file that no longer grows is left to the notifier again."""
        notifier = self._notifier
        if notifier is None:
            return
        woken = notifier.take(ready)
        if notifier.works and not (woken or self._growing):
            return
        grown_bytes = self._cut_what_is_too_long()
        self._pause_s = self._pause_after(grown_bytes)
        self._growing = grown_bytes > 0 or woken
        if not self._growing and notifier.arm():
            self._growing = self._cut_what_is_too_long() > 0  # written before it was armed

    def _cut_what_is_too_long(self) -> int:
        """Return by how much the files have grown since the last call, in bytes."""
        sizes = [os.fstat(file).st_size for file in self._files]
        grown_bytes = max(new - old for new, old in zip(sizes, self._sizes, strict=True))
        for index, size in enumerate(sizes):
            if size > self._limit_bytes:
                sizes[index] = self._cut(self._files[index], size)
        self._sizes = sizes
        return grown_bytes

    def _pause_after(self, grown_bytes: int) -> float:
        """Return how long to wait, the less the more was written since the last look (s)."""
        return SHORTEST_PAUSE_S if 4 * grown_bytes > self._limit_bytes else LONGEST_PAUSE_S

    def _cut(self, file: int, size: int) -> int:
        """Keep the last lines of a file and return its new size in bytes."""
        last_lines = b""
        most = min(MOST_KEPT_BYTES, self._limit_bytes // 4)
        with contextlib.suppress(OSError):  # it cannot be read
            last_lines = os.pread(file, most, size - most).partition(b"\n")[2]
        with contextlib.suppress(OSError):  # the disk is full
            _replace(file, CUT % (size - len(last_lines)) + last_lines)
        return os.fstat(file).st_size


def _replace(file: int, content: bytes) -> None:
    """Replace what a file contains by something shorter; its end is `content` at any time.

    A descriptor that appends cannot write to the start, so the file is opened once more. Where
    the system has no /proc, the file is emptied first.
    """
    try:
        writer = os.open(f"/proc/self/fd/{file}", os.O_WRONLY)
    except OSError:
        os.ftruncate(file, 0)
        os.write(file, content)
        return
    try:
        os.truncate(writer, os.pwrite(writer, content, 0))
    finally:
        os.close(writer)


def _regular_files(candidates: Iterable[int]) -> list[int]:
    """Return one descriptor for each regular file."""
    files: dict[tuple[int, int], int] = {}
    for descriptor in candidates:
        with contextlib.suppress(OSError):  # closed
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                files.setdefault((status.st_dev, status.st_ino), descriptor)
    return list(files.values())


class _Notifier:
    """Tells once, by inotify, that one of these files was written to."""

    def __init__(self, files: list[int]) -> None:
        self._paths = [f"/proc/self/fd/{file}".encode() for file in files]
        self.descriptor = -1
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None)
            self.descriptor = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.works = self.descriptor >= 0

    def arm(self) -> bool:
        """Wait for the next write to any of the files; False if that is not possible."""
        if self.works:
            add, mask = self._libc.inotify_add_watch, IN_MODIFY | IN_ONESHOT
            # Without a watch left, the files are looked at from time to time instead.
            self.works = all(add(self.descriptor, path, mask) >= 0 for path in self._paths)
        return self.works

    def take(self, ready: Collection[int]) -> bool:
        """Return whether a write was reported, and forget it."""
        if self.descriptor not in ready:
            return False
        with contextlib.suppress(OSError):
            os.read(self.descriptor, EVENT_BYTES)
        return True
