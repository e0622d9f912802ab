"""The definition of percentiles, shared by load generator and analysis."""

from __future__ import annotations

from math import ceil
from typing import Any, Protocol

# The sample size from which on a percentile is shown.
FEWEST_SAMPLES = {50.0: 1, 90.0: 10, 95.0: 20, 99.0: 100, 99.9: 10_000}


class Ascending(Protocol):
    """Sorted whole numbers: a list, an array, a NumPy array."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


def nearest_rank(ascending: Ascending, percent: float) -> int | None:
    """Return the percentile by nearest rank: the smallest value with `percent` % at or below it.

    `ascending` is sorted. Return None if the sample is too small (`FEWEST_SAMPLES`).
    Rank = ⌈percent / 100 · n⌉ (Hyndman & Fan 1996, definition 1).
    """
    count = len(ascending)
    if count < FEWEST_SAMPLES[percent]:
        return None
    # Rounding first keeps 99.9 / 100 * 10_000 at 9990 and not one above it.
    rank = ceil(round(percent * count / 100, 6))
    return int(ascending[rank - 1])
