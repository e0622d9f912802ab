"""The drawings of the empty bench: a staircase and a wall, each above the code of a view.

They show how to read a waterfall. They are drawn, not measured, and look like it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.web.shared.code import Listing

WIDTH, HEIGHT = 420, 144
ROWS = 24
AT_ONCE = 4  # requests that the staircase's server works on
WORK = 62  # the width of one request's work
GAP = 1  # below each bar


@dataclass(frozen=True)
class GhostBar:
    """A request: waiting from the left edge to `x`, then work. In the picture's units."""

    y: float
    x: int
    work: int
    height: float


@dataclass(frozen=True)
class Ghost:
    """A drawing in the family's hue, and the code of the view that it is drawn for."""

    shape: str
    caption: str
    bars: list[GhostBar]
    listing: Listing
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def waiting(self) -> str:
        """The path of what waits. A path per kind: an element per bar was a fifth of the page."""
        return "".join(_rectangle(0, bar.x, bar) for bar in self.bars if bar.x)

    @property
    def work(self) -> str:
        """The path of what is worked on."""
        return "".join(_rectangle(bar.x, bar.work, bar) for bar in self.bars)


def ghosts(listings: Sequence[Listing]) -> list[Ghost]:
    """Return the drawings for a pair of variants: the first, and the first of the other family.

    Without another family the second variant takes its place.
    """
    if not listings:
        return []
    first, *others = listings
    seconds = sorted(others, key=lambda other: other.family == first.family)[:1]
    return [
        Ghost("staircase", "taking turns: a staircase", _bars(AT_ONCE), first),
        *(Ghost("wall", "all at once: a wall", _bars(ROWS), second) for second in seconds),
    ]


def _bars(at_once: int) -> list[GhostBar]:
    """Return a bar per request of a server that works on so many at once."""
    pitch = HEIGHT / ROWS
    return [GhostBar(row * pitch, row // at_once * WORK, WORK, pitch - GAP) for row in range(ROWS)]


def _rectangle(x: int, width: int, bar: GhostBar) -> str:
    return f"M{x} {bar.y:g}h{width}v{bar.height:g}h{-width}z"
