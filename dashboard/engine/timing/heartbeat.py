"""How late the engine's own loop is: what every stamp that it makes may be wrong by."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from time import monotonic_ns
from typing import Self

from dashboard.wire.percentile import nearest_rank

from .alarm import make_alarm

BEAT_NS = 5_000_000  # two hundred a second: half a second carries a p99
STALLED_NS = 1_000_000  # a beat that is later says that the loop was kept by something
MOST_STALLS = 500  # that one firing tells of; of more, those nearest to each other become one


class Heartbeat:
    """Asks, while the block lasts, to be called every BEAT_NS, and notes how late that was.

    Lateness counts from the instant that was asked for, through the kernel's timer, so it
    holds whatever kept the loop: its own work, or a core that was asleep or taken away. The
    beats that a stall swallowed count too, each with its own lateness, so that the percentile
    is one of time.
    """

    def __init__(self) -> None:
        self._late = array("q")
        self._stalls: list[tuple[int, int]] = []
        self._on_time_ns = 0  # when the loop was last known to be at hand
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
        """By nearest rank; None where there were too few beats to carry it."""
        return nearest_rank(sorted(self._late), 99.0)

    @property
    def max_ns(self) -> int | None:
        """The latest beat; None where there was none."""
        return max(self._late, default=None)

    def stalls_ns(self, origin_ns: int) -> list[tuple[int, int]]:
        """When the loop may have been kept, as (begin, end) since the origin, in order.

        From the last beat before, since nobody knows when a stall began, to the late one. What
        was shorter than a beat may be missing.
        """
        return [
            (begin - origin_ns, end - origin_ns) for begin, end in few(self._stalls, MOST_STALLS)
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


def few(stalls: Sequence[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """The same as at most so many: those that lie close together become one, and none is lost."""
    found, gap_ns = _joined(stalls, 0), BEAT_NS
    while len(found) > most:
        found, gap_ns = _joined(found, gap_ns), 2 * gap_ns
    return found


def _joined(stalls: Sequence[tuple[int, int]], gap_ns: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for begin, end in stalls:
        if found and begin - found[-1][1] <= gap_ns:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
