"""What viewers get of a stream that is too dense to be drawn whole: a sample, and exact counts.

Nothing of it is stored, and nothing that is stored is touched: a page fetches the whole frames
once the run is over. Which requests are in the sample is said by a hash of their numbers alone,
so that neither time nor response time has a say in it; samples of 1 in 8, 1 in 16, … are nested.
"""

from __future__ import annotations

from collections import deque
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.units import NS_PER_S

DENSE_RPS: Final = 20_000  # samples of one second; from there on not everything is sent
DRAWN_RPS: Final = 5_000  # about so many are, at most
BUCKET_NS: Final = 20_000_000  # of time
# Bins of response time, each half a percent wide: those of static/js/data/histogram.js.
LOWEST_NS: Final = 10_000
BIN_RATIO: Final = 1.005
BINS: Final = 3_700

_BEGUN: Final = 1
_FINISHED: Final = 2
_MULTIPLIER: Final = np.uint32(0x45D9F3B)

Numbers: TypeAlias = NDArray[np.uint32]
Mask: TypeAlias = NDArray[np.bool_]


def hashes(requests: Numbers) -> Numbers:
    """A number of 32 bits for each request number, as docs/frame.md says.

    Two rounds of xor-shift and multiplication, a bijection: each number is hit exactly once.
    """
    mixed = requests
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint32(16))) * _MULTIPLIER
    return mixed ^ (mixed >> np.uint32(16))


def drawn(requests: Numbers, every: int) -> Mask:
    """Which of these requests are in the sample of 1 in `every`, a power of two."""
    chosen: Mask = (hashes(requests) & np.uint32(every - 1)) == 0
    return chosen


def bins(took_ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """The bin of each response time: the first whose upper edge is not below it."""
    ratio = np.maximum(took_ns, 1) / LOWEST_NS
    edges = np.ceil(np.log(ratio) / np.log(BIN_RATIO) - 1e-9)
    found: NDArray[np.int64] = np.clip(edges, 0, BINS - 1).astype(np.int64)
    return found


class Thinning:
    """Hears the frames of one run in their order and says what viewers get in place of each."""

    def __init__(self) -> None:
        self._firing = _Firing()
        self._key: tuple[int, int] | None = None

    def instead(self, sequence: int, data: bytes) -> list[bytes] | None:
        """The frames that take this one's place; None where it is sent as it is."""
        found = frame.decode(data)
        if found.kind not in ("samples", "begun"):
            return None
        if (found.lane, found.round) != self._key:
            self._key, self._firing = (found.lane, found.round), _Firing()
        if found.kind == "begun":
            self._firing.begin(found)
        else:
            self._firing.finish(found)
        if self._firing.every == 1:
            return None
        return [self._firing.sample(found), self._firing.counts(sequence, found)]


class _Firing:
    """One firing: how dense it is, and which of its requests are in flight."""

    def __init__(self) -> None:
        self.every = 1  # of so many requests one is drawn; it only grows
        self._recent: deque[tuple[int, int]] = deque()  # newest instant in a frame, rows
        self._in_second = 0
        self._state = np.zeros(1024, np.uint8)  # of each request, by number

    def begin(self, found: frame.Frame) -> None:
        """These requests have started."""
        self._mark(_requests(found), _BEGUN)

    def finish(self, found: frame.Frame) -> None:
        """These requests are over. Once a second held too many of them, fewer are drawn."""
        self._mark(_requests(found), _FINISHED)
        if not found.rows:
            return
        newest_ns = int(np.max(np.asarray(found.columns["done"])))
        self._recent.append((newest_ns, found.rows))
        self._in_second += found.rows
        while self._recent[0][0] <= newest_ns - NS_PER_S:
            self._in_second -= self._recent.popleft()[1]
        if self._in_second > DENSE_RPS:
            while self.every * DRAWN_RPS < self._in_second:
                self.every *= 2

    def sample(self, found: frame.Frame) -> bytes:
        """The frame with those of its rows that are drawn."""
        chosen = self._rows(found)
        columns = {name: np.asarray(column)[chosen].data for name, column in found.columns.items()}
        return self._encode(found, found.kind, columns)

    def counts(self, sequence: int, found: frame.Frame) -> bytes:
        """What the sample of this frame leaves out, in numbers."""
        extra = {
            "every": self.every,
            "stands_for": sequence,
            "in_flight": int(np.count_nonzero(self._state == _BEGUN)),
        }
        return self._encode(found, "counts", self._cells(found), extra)

    def _cells(self, found: frame.Frame) -> dict[str, memoryview]:
        """Requests by when they were done, how long they took, and whether they failed."""
        if found.kind == "begun":
            names = frame.COLUMNS["counts"]
            return {name: np.empty(0, code).data for name, code in names.items()}
        rest = ~self._rows(found)
        due, done, error = (
            np.asarray(found.columns[name])[rest] for name in ("due", "done", "error")
        )
        bin_of, failed = bins(done - due), (error != 0).astype(np.int64)
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

    def _rows(self, found: frame.Frame) -> Mask:
        """Which rows are sent: those that are drawn, and those that Stop ended, which are few.

        The latter are neither successes nor failures, so no cell counts them.
        """
        chosen = drawn(_requests(found), self.every)
        if found.kind == "samples":
            chosen |= np.asarray(found.columns["error"]) == Failure.ABORTED
        return chosen

    def _mark(self, requests: Numbers, state: int) -> None:
        if len(requests) and (most := int(requests.max())) >= len(self._state):
            grown = np.zeros(2 * (most + 1), np.uint8)
            grown[: len(self._state)] = self._state
            self._state = grown
        self._state[requests] = np.maximum(self._state[requests], state)

    def _encode(
        self,
        found: frame.Frame,
        kind: str,
        columns: dict[str, memoryview],
        extra: dict[str, int] | None = None,
    ) -> bytes:
        return frame.encode(
            kind,
            lane=found.lane,
            round=found.round,
            origin_ns=found.origin_ns,
            columns=columns,
            extra=extra or {},
        )


def _requests(found: frame.Frame) -> Numbers:
    return np.asarray(found.columns["request"], np.uint32)
