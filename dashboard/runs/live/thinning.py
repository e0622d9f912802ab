"""What viewers get of a stream too dense to be drawn whole: a sample, and exact counts.

Stored frames are not touched, and nothing of this is stored: a page fetches the whole frames once
the run is over.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from dashboard.wire import frame
from dashboard.wire.failure import Failure
from dashboard.wire.units import NS_PER_S

from .in_flight import InFlight
from .sample_rule import Mask, Numbers, cells, in_sample

DENSE_RPS: Final = 20_000  # samples per second; a denser stream is thinned
SAMPLE_RPS: Final = 5_000  # about so many are left, at most


class Thinning:
    """Thins the frames of one run, which it must be given in order."""

    def __init__(self, dense_rps: int = DENSE_RPS, sample_rps: int = SAMPLE_RPS) -> None:
        self._limits = dense_rps, sample_rps
        self._firing = _Firing(*self._limits)
        self._key: tuple[int, int] | None = None  # lane and round

    def replacement(self, sequence: int, decoded: frame.Frame) -> list[bytes] | None:
        """Return the two frames to send in place of this one; None to send it unchanged."""
        if decoded.kind not in ("samples", "begun"):
            return None
        if (decoded.lane, decoded.round) != self._key:
            self._key = decoded.lane, decoded.round
            self._firing = _Firing(*self._limits)
        if decoded.kind == "begun":
            self._firing.begin(decoded)
        else:
            self._firing.finish(decoded)
        if self._firing.every == 1:
            return None
        return [self._firing.sample(decoded), self._firing.counts(sequence, decoded)]

    def snapshot(self) -> list[bytes]:
        """Return the frames from which a viewer that lacks earlier ones can continue."""
        return self._firing.snapshot()


class _Firing:
    """How dense the stream of one firing is, and which of its requests are in flight."""

    def __init__(self, dense_rps: int, sample_rps: int) -> None:
        self.every = 1  # one request of so many is sent; it never shrinks
        self._dense_rps = dense_rps
        self._sample_rps = sample_rps
        self._recent: deque[tuple[int, int]] = deque()  # newest instant in a frame, rows
        self._in_second = 0  # rows in `_recent`
        self._in_flight = InFlight()

    def begin(self, decoded: frame.Frame) -> None:
        """Record that these requests have started."""
        self._in_flight.begin(decoded)

    def finish(self, decoded: frame.Frame) -> None:
        """Record that these requests are over, and thin more if a second holds too many."""
        self._in_flight.finish(decoded)
        if not decoded.rows:
            return
        newest_ns = int(np.max(np.asarray(decoded.columns["done"])))
        self._recent.append((newest_ns, decoded.rows))
        self._in_second += decoded.rows
        while self._recent[0][0] <= newest_ns - NS_PER_S:
            self._in_second -= self._recent.popleft()[1]
        if self._in_second > self._dense_rps:
            while self.every * self._sample_rps < self._in_second:
                self.every *= 2

    def sample(self, decoded: frame.Frame) -> bytes:
        """Return the frame with the rows of the sample only."""
        rows = self._rows(decoded)
        columns = {name: np.asarray(column)[rows].data for name, column in decoded.columns.items()}
        return frame.encode_like(decoded, decoded.kind, columns, decoded.extra)

    def counts(self, sequence: int, decoded: frame.Frame) -> bytes:
        """Return the `counts` frame of the rows that the sample leaves out."""
        extra: frame.FrameExtra = {
            "every": self.every,
            "stands_for": sequence,
            "in_flight": self._in_flight.number,
        }
        return frame.encode_like(decoded, "counts", self._cells(decoded), extra)

    def snapshot(self) -> list[bytes]:
        """Return what is in flight, after counts without rows if the stream is thinned."""
        begun = self._in_flight.snapshot(self.every)
        if begun is None or self.every == 1:
            return [] if begun is None else [begun]
        return [self.counts(frame.NOT_STORED, frame.decode(begun)), begun]

    def _cells(self, decoded: frame.Frame) -> dict[str, memoryview]:
        if decoded.kind == "begun":
            types = frame.COLUMNS["counts"]
            return {name: np.empty(0, code).data for name, code in types.items()}
        rest = ~self._rows(decoded)
        due, done, error = (
            np.asarray(decoded.columns[name])[rest] for name in ("due", "done", "error")
        )
        return cells(due, done, error != Failure.NONE)

    def _rows(self, decoded: frame.Frame) -> Mask:
        """Return which rows are sent: the sample, and the few that Stop aborted.

        The latter are neither successes nor failures, so no cell counts them.
        """
        rows = in_sample(_requests(decoded), self.every)
        if decoded.kind == "samples":
            rows |= np.asarray(decoded.columns["error"]) == Failure.ABORTED
        return rows


def _requests(decoded: frame.Frame) -> Numbers:
    return np.asarray(decoded.columns["request"], np.uint32)
