"""How late the load generator's own event loop is, and so how wrong its stamps may be."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from time import monotonic_ns
from typing import Self

from dashboard.wire.percentile import nearest_rank

from .alarm import make_alarm

BEAT_NS = 5_000_000  # two hundred a second: half a second suffices for a p99
STALLED_NS = 1_000_000  # a beat later than this means that the loop was held up
MAX_STALLS = 500  # reported by one firing; of more, those closest to each other are merged


class Heartbeat:
    """Sets an alarm every BEAT_NS while the block lasts, and notes how late it rang.

    Lateness counts from the instant that was set, by the kernel's timer, so it covers whatever
    held the loop up: its own work, or a core that was asleep or taken away. Beats that a stall
    swallowed count, too, each with its own lateness, so the percentile is one of time.
    """

    def __init__(self) -> None:
        self._late = array("q")
        self._stalls: list[tuple[int, int]] = []
        self._on_time_ns = 0  # when the loop last ran
        self._alarm = make_alarm(self._beat)
        self._at_ns = 0

    def __enter__(self) -> Self:
        self._on_time_ns = monotonic_ns()
        self._at_ns = self._on_time_ns + BEAT_NS
        self._alarm.set(self._at_ns)
        return self

    def __exit__(self, *_: object) -> None:
        self._alarm.close()

    @property
    def p99_ns(self) -> int | None:
        """The 99th percentile of lateness, by nearest rank; None after too few beats."""
        return nearest_rank(sorted(self._late), 99.0)

    @property
    def max_ns(self) -> int | None:
        """The latest beat's lateness; None before the first beat."""
        return max(self._late, default=None)

    def stalls_ns(self, origin_ns: int) -> list[tuple[int, int]]:
        """Return when the loop may have been held up, as (begin, end) since the origin, in order.

        From the last beat before to the late one, since the start of a stall is not known. A stall
        shorter than a beat may be missing.
        """
        return [
            (begin - origin_ns, end - origin_ns)
            for begin, end in merge_stalls(self._stalls, MAX_STALLS)
        ]

    def _beat(self) -> None:
        now = monotonic_ns()
        if now - self._at_ns > STALLED_NS:
            self._stalls.append((self._on_time_ns, now))
        self._on_time_ns = now
        while self._at_ns <= now:
            self._late.append(now - self._at_ns)
            self._at_ns += BEAT_NS
        self._alarm.set(self._at_ns)


def merge_stalls(stalls: Sequence[tuple[int, int]], limit: int) -> list[tuple[int, int]]:
    """Return at most `limit` intervals that cover all stalls, merging the closest ones."""
    merged, gap_ns = _merge_within(stalls, 0), BEAT_NS
    while len(merged) > limit:
        merged, gap_ns = _merge_within(merged, gap_ns), 2 * gap_ns
    return merged


def _merge_within(stalls: Sequence[tuple[int, int]], gap_ns: int) -> list[tuple[int, int]]:
    """Return the intervals, with those at most `gap_ns` apart merged into one."""
    merged: list[tuple[int, int]] = []
    for begin, end in stalls:
        if merged and begin - merged[-1][1] <= gap_ns:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged
