"""The processes of one target while it is fired at, as the system sees them from outside.

Each has a reading at least every tenth of a second, whether its probe speaks or not, so that a sum
over them never leaves one out that is there. One that ended has a last row that says so.
"""

from __future__ import annotations

import time
from collections.abc import Container

from .proc_stats import exists, process_tree, read_process, read_switches

Row = dict[str, int]
MOST_AGE_NS = 100_000_000  # of a probed process's last reading
LOOKS_AFTER_A_DEATH = 40  # two seconds, in which whoever takes the place is started
ENDED: Row = {"threads": 0, "rss": 0}


class Processes:
    """Who is below `root`; `ended` are those that were there in this firing and are no more."""

    def __init__(self) -> None:
        self._root: int | None = None
        self._read_ns: dict[int, int] = {}
        self._looks = 0
        self.at_begin: frozenset[int] = frozenset()
        self.ended: set[int] = set()

    def begin(self, root: int) -> None:
        """Start anew for a firing: everything below `root` is there."""
        self._root, self._looks, self.ended = root, 0, set()
        self.at_begin = frozenset(process_tree(root))
        self._read_ns = dict.fromkeys(self.at_begin, 0)

    def look(self) -> None:
        """Find those that came meanwhile."""
        if self._root is not None:
            for process in process_tree(self._root):
                self._read_ns.setdefault(process, 0)

    def note(self, process: int) -> None:
        """A report of this process came with a reading."""
        self._read_ns[process] = time.monotonic_ns()

    def rows(self, probed: Container[int]) -> list[Row]:
        """A row for each that has no probe, has not been read for a while, or has ended."""
        if self._looks:
            self._looks -= 1
            self.look()
        return [row for process in [*self._read_ns] if (row := self._row(process, probed))]

    def _row(self, process: int, probed: Container[int]) -> Row | None:
        now_ns = time.monotonic_ns()
        known = process in probed
        if process in self.ended or (known and now_ns - self._read_ns[process] < MOST_AGE_NS):
            return None
        row = {"at": now_ns, "process": process}
        reading = read_process(process)
        if not reading.get("rss") and not exists(process):  # what has ended holds nothing
            self.ended.add(process)
            self._looks = LOOKS_AFTER_A_DEATH
            return {**row, **ENDED} if self._read_ns[process] else None
        if not reading:
            return row  # there, and nobody could say what it holds
        self._read_ns[process] = now_ns
        # The probe counts switches otherwise: the two may not be mixed.
        return {**row, **reading, **({} if known else read_switches(process))}
