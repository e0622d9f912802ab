"""The widest interval that a comparison may have, if its rounds are known between two bounds.

It contains every interval that the true ratios can yield, wherever they lie between their bounds.
For the signed rank that is simple, since it is monotonic in each of its values. A Student interval
is not: values that are further apart widen it, so that its widest may have some rounds at their
lowest and others at their highest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dashboard.analysis.samples.lane_samples import Floats
from dashboard.analysis.samples.rounds import ByRound, common_rounds

from .intervals import Bounds, signed_rank, student, student_reach

MOST_CORNERS = 12  # rounds up to which every corner is tried: 4,096


@dataclass(frozen=True)
class Box:
    """The lowest and the highest log ratio of each round, in the order of the rounds."""

    low: Floats
    high: Floats

    def first(self, rounds: int) -> Box:
        """Return the box of the first rounds only."""
        return Box(self.low[:rounds], self.high[:rounds])


def box_of(
    baseline: Mapping[int, tuple[float, float]],
    lane: Mapping[int, tuple[float, float]],
    measured: tuple[ByRound, ByRound],
) -> Box | None:
    """Return the box of the compared rounds; None if one of them may have had any length.

    `measured` are the metrics of the baseline and of the lane: a round counts if it has both.
    """
    base_known, lane_known = measured
    low, high = [], []
    for number in common_rounds(base_known, lane_known):
        base, other = baseline.get(number), lane.get(number)
        if base is None or other is None or not base[0] or not other[0]:
            return None
        low.append(np.log(other[0] / base[1]))
        high.append(np.log(other[1] / base[0]))
    return Box(np.array(low), np.array(high))


def widest_signed_rank(box: Box, alpha: float) -> Bounds:
    """Return the ends between which every signed-rank interval of this box lies, and its middle."""
    low, high = signed_rank(box.low, alpha), signed_rank(box.high, alpha)
    return Bounds((low.middle + high.middle) / 2, low.low, high.high)


def widest_student(box: Box, alpha: float) -> Bounds:
    """Return the ends between which every Student interval of this box lies, and its middle."""
    if len(box.low) <= MOST_CORNERS:
        return _of_every_corner(box, alpha)
    middle, half = (box.low + box.high) / 2, (box.high - box.low) / 2
    plain = student(middle, alpha)
    # The deviation of a sum is at most the sum of both, and that of values between -half and half
    # is at most their root mean square: wider than any corner, but little with so many rounds.
    rounds = len(middle)
    apart = np.sqrt((half**2).sum() / (rounds - 1))
    more = half.mean() + student_reach(rounds, alpha) * apart
    return Bounds(plain.middle, plain.low - more, plain.high + more)


def _of_every_corner(box: Box, alpha: float) -> Bounds:
    """The lower end is concave in the rounds, so a corner has the lowest; the upper likewise."""
    rounds = len(box.low)
    at_high = (np.arange(2**rounds)[:, None] >> np.arange(rounds)) & 1
    corners = student(np.where(at_high, box.high, box.low), alpha)
    middle = ((box.low + box.high) / 2).mean()
    return Bounds(middle, corners.low.min(), corners.high.max())
