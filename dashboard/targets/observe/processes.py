"""The processes of one target while it is fired at, as the system reports them from outside.

Each is read at least every tenth of a second, whether its probe reports or not, so that a sum over
them never leaves out a running one. A process that ended has a last row without threads and
memory.
"""

from __future__ import annotations

import time
from collections.abc import Container

from .proc_stats import exists, process_tree, read_process, read_switches

Row = dict[str, int]
MOST_AGE_NS = 100_000_000  # of a probed process's last reading
LOOKS_AFTER_AN_END = 40  # two seconds, in which a server starts the process that replaces it
ENDED: Row = {"threads": 0, "rss": 0}


class Processes:
    """The processes below `root`; `ended` holds those that ended in this firing."""

    def __init__(self) -> None:
        self._root: int | None = None
        self._read_ns: dict[int, int] = {}
        self._looks = 0
        self.at_begin: frozenset[int] = frozenset()
        self.ended: set[int] = set()

    def begin(self, root: int) -> None:
        """Begin a firing with every process that is below `root`."""
        self._root, self._looks, self.ended = root, 0, set()
        self.at_begin = frozenset(process_tree(root))
        self._read_ns = dict.fromkeys(self.at_begin, 0)

    def find_new(self) -> None:
        """Add the processes that were started since."""
        if self._root is not None:
            for process in process_tree(self._root):
                self._read_ns.setdefault(process, 0)

    def note_reading(self, process: int) -> None:
        """Note that a report of this process came with a reading."""
        self._read_ns[process] = time.monotonic_ns()

    def rows(self, probed: Container[int]) -> list[Row]:
        """Return a row for each that has no probe, has not been read for a while, or has ended."""
        if self._looks:
            self._looks -= 1
            self.find_new()
        return [row for process in [*self._read_ns] if (row := self._row(process, probed))]

    def _row(self, process: int, probed: Container[int]) -> Row | None:
        now_ns = time.monotonic_ns()
        has_probe = process in probed
        if process in self.ended or (has_probe and now_ns - self._read_ns[process] < MOST_AGE_NS):
            return None
        row = {"at": now_ns, "process": process}
        reading = read_process(process)
        if not reading.get("rss") and not exists(process):  # an ended process has no memory
            self.ended.add(process)
            self._looks = LOOKS_AFTER_AN_END
            return {**row, **ENDED} if self._read_ns[process] else None
        if not reading:
            return row  # it is running, and could not be read
        self._read_ns[process] = now_ns
        # The probe counts switches in another way: the two may not be mixed.
        return {**row, **reading, **({} if has_probe else read_switches(process))}
