"""What all pictures that the server draws share: an area within margins, ticks, and lines.

All lengths are in the drawing's own units.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Tick:
    """A position on an axis and its label."""

    at: float
    label: str


@dataclass(frozen=True)
class PlotArea:
    """The size of a drawing, and the area within its margins, which the values are drawn in."""

    width: int
    height: int
    left: float
    top: float
    inner_width: float
    inner_height: float

    @classmethod
    def within(
        cls,
        width: int,
        height: int,
        *,
        left: int = 0,
        right: int = 0,
        top: int = 0,
        bottom: int = 0,
    ) -> PlotArea:
        """Return the area of a drawing of this size within these margins."""
        return cls(width, height, left, top, width - left - right, height - top - bottom)

    @property
    def right(self) -> float:
        """The x of its right edge."""
        return self.left + self.inner_width

    @property
    def bottom(self) -> float:
        """The y of its lower edge."""
        return self.top + self.inner_height

    @property
    def middle(self) -> float:
        """The y halfway up."""
        return self.top + self.inner_height / 2

    def x(self, share: float) -> float:
        """Return the x of a share of its width, 0 to 1 from the left."""
        return self.left + share * self.inner_width

    def y(self, share: float) -> float:
        """Return the y of a share of its height, 0 to 1 from below."""
        return self.top + (1 - share) * self.inner_height

    def bands(self, number: int, gap: float) -> list[PlotArea]:
        """Divide it into bands of the same height, from the top, each with a gap below it."""
        height = self.inner_height / number
        return [
            replace(self, top=self.top + height * position, inner_height=height - gap)
            for position in range(number)
        ]


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return a line through the points as the `d` of an SVG path."""
    return "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)


def polyline(points: Iterable[tuple[float, float]]) -> str:
    """Return the `points` of an SVG polyline through the points."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
