"""Collects how the requests of each lane were answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from dashboard.wire.failure import Failure
from dashboard.wire.frame import Frame

NO_ANSWER = -1
ANSWERED = (Failure.NONE, Failure.STATUS, Failure.REDIRECTED, Failure.LOGIN)
BROKEN = (Failure.REFUSED, Failure.RESET, Failure.CLOSED)


class Statuses:
    """Collects from a run's frames how the requests of each lane were answered."""

    def __init__(self) -> None:
        self._statuses: defaultdict[int, set[int]] = defaultdict(set)
        self._failures: defaultdict[int, set[int]] = defaultdict(set)
        self._broken: set[tuple[int, int]] = set()

    def take(self, frame: Frame) -> None:
        """Add a frame of any kind; only samples of counted rounds are read."""
        if frame.kind == "samples" and frame.round:
            pairs = set(zip(frame.columns["status"], frame.columns["error"], strict=True))
            if any(error in BROKEN for _, error in pairs):
                self._broken.add((frame.lane, frame.round))
            for status, error in pairs:
                self._statuses[frame.lane].add(status if error in ANSWERED else NO_ANSWER)
                self._failures[frame.lane].add(error)

    def failures(self, lane: int) -> Collection[int]:
        """Return the failure codes of the lane's requests, Failure.NONE among them."""
        return frozenset(self._failures[lane])

    def broken(self, lane: int, round: int) -> bool:
        """Return True if a connection was refused or lost: the server may have ended."""
        return (lane, round) in self._broken

    def only(self, lane: int) -> int | None:
        """Return the status of every response of the lane; None if they differ."""
        statuses = self._statuses[lane]
        return next(iter(statuses)) if len(statuses) == 1 else None
