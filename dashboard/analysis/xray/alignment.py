"""Two traced requests, aligned by their parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from .parts import Cost, Part, costs
from .trace import Xray


@dataclass(frozen=True)
class AlignedPart:
    """A part of one request or of both; None where a request has no such part."""

    part: Part
    first: Cost | None
    second: Cost | None

    @property
    def change(self) -> Cost:
        """What the second request costs more; less is negative."""
        return (self.second or Cost()) - (self.first or Cost())


def align(first: Xray, second: Xray) -> tuple[AlignedPart, ...]:
    """Return the parts of both requests, in the order in which they began."""
    before, after = costs(first), costs(second)
    return tuple(
        AlignedPart(part, before.get(part), after.get(part)) for part in merged_order(before, after)
    )


def merged_order(first: Iterable[Part], second: Iterable[Part]) -> list[Part]:
    """Return both sequences as one: what only the second has follows what it follows there."""
    known = dict.fromkeys(first)
    following: dict[Part | None, list[Part]] = {}
    last: Part | None = None
    for part in second:
        if part in known:
            last = part
        else:
            following.setdefault(last, []).append(part)
    merged = following.get(None, [])
    for part in known:
        merged += [part, *following.get(part, ())]
    return merged
