"""The requests of one firing that are in flight, as its viewers have them."""

from __future__ import annotations

from typing import Final

import numpy as np

from dashboard.wire import frame
from dashboard.wire.frame import UNKNOWN, Frame

from .sample_rule import Numbers, in_sample

_BEGUN: Final = 1
_FINISHED: Final = 2


class InFlight:
    """Which requests have begun and not finished, from the frames of one firing in order."""

    def __init__(self) -> None:
        # Of each request, by number.
        self._states = np.zeros(1024, np.uint8)
        self._due = np.zeros(1024, np.int64)
        self._sent_first = np.zeros(1024, np.int64)
        self._reported_ns: dict[int, int] = {}  # by load generator
        self._last: Frame | None = None

    def begin(self, begun: Frame) -> None:
        """Record that these requests have started, and up to when that is complete."""
        requests = self._mark(begun, _BEGUN)
        self._due[requests] = begun.columns["due"]
        self._sent_first[requests] = begun.columns["sent_first"]
        engine = begun.extra.get("engine", 0)
        self._reported_ns[engine] = begun.extra.get("at_ns", 0)
        self._last = begun

    def finish(self, samples: Frame) -> None:
        """Record that these requests are over."""
        self._mark(samples, _FINISHED)

    @property
    def number(self) -> int:
        """How many requests are in flight."""
        return int(np.count_nonzero(self._states == _BEGUN))

    def snapshot(self, every: int = 1) -> bytes | None:
        """Return a `begun` frame of all that is in flight, or of the sample of 1 in `every`.

        A viewer that joins now, or that has skipped frames, continues from it. None before the
        first `begun` frame.
        """
        if self._last is None:
            return None
        requests = np.flatnonzero(self._states == _BEGUN).astype(np.uint32)
        requests = requests[in_sample(requests, every)]
        return frame.encode(
            "begun",
            lane=self._last.lane,
            round=self._last.round,
            origin_ns=self._last.origin_ns,
            columns={
                "request": requests.data,
                "due": self._due[requests].data,
                "sent_first": self._sent_first[requests].data,
            },
            extra={"at_ns": self._complete_until_ns(self._last), "snapshot": 1},
        )

    def _complete_until_ns(self, last: Frame) -> int:
        """Return the instant up to which every load generator that fires has reported."""
        if len(self._reported_ns) < last.extra.get("engines", 1):
            return 0
        return min(self._reported_ns.values())

    def _mark(self, decoded: Frame, state: int) -> Numbers:
        requests = np.asarray(decoded.columns["request"], np.uint32)
        if len(requests):
            self._make_room(int(requests.max()))
        self._states[requests] = np.maximum(self._states[requests], state)
        return requests

    def _make_room(self, largest: int) -> None:
        if largest < len(self._states):
            return
        more = 2 * (largest + 1) - len(self._states)
        self._states = np.pad(self._states, (0, more))
        self._due = np.pad(self._due, (0, more))
        self._sent_first = np.pad(self._sent_first, (0, more), constant_values=UNKNOWN)
