"""How late the engine's own loop is: what every stamp that it makes may be wrong by."""

from __future__ import annotations

from array import array
from time import monotonic_ns
from typing import Self

from dashboard.wire.rank import nearest_rank

from .alarm import make_alarm

BEAT_NS = 5_000_000  # two hundred a second: half a second carries a p99


class Heartbeat:
    """Asks, while the block lasts, to be called every BEAT_NS, and notes how late that was.

    Lateness counts from the instant that was asked for, through the kernel's timer, so it
    holds whatever kept the loop: its own work, or a core that was asleep or taken away. The
    beats that a stall swallowed count too, each with its own lateness, so that the percentile
    is one of time.
    """

    def __init__(self) -> None:
        self._late = array("q")
        self._alarm = make_alarm(self._beat)
        self._at_ns = 0

    def __enter__(self) -> Self:
        self._at_ns = monotonic_ns() + BEAT_NS
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

    def _beat(self) -> None:
        now = monotonic_ns()
        while self._at_ns <= now:
            self._late.append(now - self._at_ns)
            self._at_ns += BEAT_NS
        self._alarm.set(self._at_ns)
