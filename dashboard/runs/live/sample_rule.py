"""Which requests of a dense stream viewers get, and the cells in which the others are counted.

The specification is docs/frame.md, "`counts`". Both sides are held to one golden file,
tests/golden/dense.json: this module by tests/runs/live/test_thinning.py, the page's columns.js and
histogram.js by tests/js/dense.test.js.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

BUCKET_NS: Final = 20_000_000  # of time
# Bins of response time, each half a percent wide: those of static/js/data/histogram.js.
LOWEST_NS: Final = 10_000
BIN_RATIO: Final = 1.005
BINS: Final = 3_700

_MULTIPLIER: Final = np.uint32(0x45D9F3B)

Numbers: TypeAlias = NDArray[np.uint32]
Mask: TypeAlias = NDArray[np.bool_]
Instants: TypeAlias = NDArray[np.int64]


def hashes(requests: Numbers) -> Numbers:
    """Return a number of 32 bits for each request number.

    Two rounds of xor-shift and multiplication, a bijection: each number is hit exactly once.
    """
    mixed = requests
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint32(16))) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint32(16))


def in_sample(requests: Numbers, every: int) -> Mask:
    """Return which of these requests are in the sample of 1 in `every`, a power of two.

    Only the request number decides, not time or response time. Samples of 1 in 8, 1 in 16, … are
    nested.
    """
    chosen: Mask = (hashes(requests) & np.uint32(every - 1)) == 0
    return chosen


def bins(response_times_ns: Instants) -> Instants:
    """Return the bin of each response time: the first whose upper edge is not below it."""
    ratio = np.maximum(response_times_ns, 1) / LOWEST_NS
    edges = np.ceil(np.log(ratio) / np.log(BIN_RATIO) - 1e-9)
    clipped: Instants = np.clip(edges, 0, BINS - 1).astype(np.int64)
    return clipped


def cells(due: Instants, done: Instants, failed: Mask) -> dict[str, memoryview]:
    """Return the columns of a `counts` frame: how many requests each cell has.

    A cell is a bucket of time, a bin of response time, and whether they failed. Its `done` is that
    of its last request.
    """
    bin_of = bins(done - due)
    keys = ((done // BUCKET_NS) * BINS + bin_of) * 2 + failed
    _, first, cell, requests = np.unique(
        keys, return_index=True, return_inverse=True, return_counts=True
    )
    newest = np.zeros(len(first), np.int64)
    np.maximum.at(newest, cell, done)
    return {
        "done": newest.data,
        "bin": bin_of[first].astype(np.uint16).data,
        "failed": failed[first].astype(np.uint8).data,
        "requests": requests.astype(np.uint32).data,
    }
