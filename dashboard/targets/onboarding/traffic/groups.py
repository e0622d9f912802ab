"""Counts requests by shape and keeps a sample of their values, in bounded memory.

Each request draws a number; a group keeps the values of those with the lowest numbers. That is a
uniform sample, repeats included, and the sample of two groups joined is that of their union.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from random import Random

from .path_shapes import Shape, Values

SAMPLE = 500  # values kept of each group
MOST_GROUPS = 2_000
# More names than these in one place of a path are values; fewer may be pages of their own.
MOST_NAMES, MOST_NAMES_AT_TOP = 20, 100


class Group:
    """The requests of one shape: their number, and a sample of their values."""

    __slots__ = ("_lowest", "requests")

    def __init__(self) -> None:
        self.requests = 0
        # (-number drawn, number of the request, values): a heap, the highest number first.
        self._lowest: list[tuple[float, int, Values]] = []

    def add(self, drawn: float, number: int, values: Values) -> None:
        """Count a request; keep its values if its number is among the lowest."""
        self.requests += 1
        if len(self._lowest) < SAMPLE:
            heapq.heappush(self._lowest, (-drawn, number, values))
        elif -drawn > self._lowest[0][0]:
            heapq.heapreplace(self._lowest, (-drawn, number, values))

    def join(self, other: Group) -> None:
        """Add the requests of another group."""
        self.requests += other.requests
        self._lowest = heapq.nlargest(SAMPLE, [*self._lowest, *other._lowest])
        heapq.heapify(self._lowest)

    @property
    def sample(self) -> list[Values]:
        """The values kept, in the order of the requests."""
        return [values for _, _, values in sorted(self._lowest, key=lambda entry: entry[1])]


class Groups:
    """The groups of a file; `rare` is how many requests of rare shapes were given up."""

    def __init__(self, seed: int = 0) -> None:
        self.by_shape: dict[Shape, Group] = {}
        self.rare = 0
        self._joined: set[Shape] = set()
        self._draw = Random(seed).random  # nosec B311 # noqa: S311 - a repeatable sample
        self._requests = 0

    def add(self, shape: Shape, values: Values) -> None:
        """Count a request."""
        self._requests += 1
        group = self.by_shape.get(shape)
        if group is None:
            if len(self.by_shape) >= MOST_GROUPS:
                self.settle()
                self._give_up_rare()
            group = self.by_shape.setdefault(shape, Group())
        group.add(self._draw(), self._requests, values)

    def settle(self) -> None:
        """Join the groups that differ by names in one place, if there are many of them."""
        longest = max((len(shape.segments) for shape in self.by_shape), default=0)
        for position in range(longest):
            families: dict[Shape, list[Shape]] = defaultdict(list)
            for shape in self.by_shape:
                # A path that ends with a slash has an empty last segment.
                if len(shape.segments) > position and shape.segments[position] != "":
                    families[shape.with_value_at(position)].append(shape)
            for joined, members in families.items():
                most = MOST_NAMES if position else MOST_NAMES_AT_TOP
                if len(members) > most or (joined in self._joined and len(members) > 1):
                    self._join(joined, members)

    def _join(self, joined: Shape, members: list[Shape]) -> None:
        group = Group()
        for shape in members:
            group.join(self.by_shape.pop(shape))
        self.by_shape[joined] = group
        self._joined.add(joined)

    def _give_up_rare(self) -> None:
        """Make room: give up the rarest half, but no more requests than there must be."""
        if len(self.by_shape) <= MOST_GROUPS // 2:
            return
        by_requests = sorted(self.by_shape.items(), key=lambda item: item[1].requests)
        for shape, group in by_requests[: len(by_requests) - MOST_GROUPS // 2]:
            self.rare += group.requests
            del self.by_shape[shape]
