"""Counts looks between two lines of the sampler's file.

Part of the probe: standard library alone, Python 3.9.
"""

from __future__ import annotations

from typing import Any

Key = tuple[int, str, str]  # stack, state, note


class Seen:
    """Looks, their time and the CPU time in it, by stack, state and note, and then by visit."""

    def __init__(self) -> None:
        self.counts: dict[Key, dict[int, list[int]]] = {}

    def add(self, key: Key, visit: int, time_ns: int, cpu_ns: int) -> None:
        """Count one look."""
        sums = self.counts.setdefault(key, {}).setdefault(visit, [0, 0, 0])
        sums[0] += 1
        sums[1] += time_ns
        sums[2] += cpu_ns

    def take(self) -> list[list[Any]]:
        """Return the counts since the last call, as they are written."""
        counts, self.counts = self.counts, {}
        return [
            [*key, [number for visit, sums in visits.items() for number in (visit, *sums)]]
            for key, visits in counts.items()
        ]
