"""A part of a lane's samples: one round, or a stretch of time in each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dashboard.wire.units import NS_PER_MS

from .lane_samples import PARTS, Columns, Integers, Lane


@dataclass(frozen=True)
class Stretch:
    """A half-open stretch of time, in milliseconds since the start of each round."""

    from_ms: float
    to_ms: float


def within(lane: Lane, stretch: Stretch) -> Lane:
    """Return the lane with only the samples that were done in the stretch."""
    return replace(
        lane, samples=_done_in(lane.samples, stretch), cut_off=_done_in(lane.cut_off, stretch)
    )


def _done_in(samples: Columns, stretch: Stretch) -> Columns:
    done_ms = samples["done"] / NS_PER_MS
    return _kept(samples, (done_ms >= stretch.from_ms) & (done_ms < stretch.to_ms))


def of_round(lane: Lane, number: int) -> Lane:
    """Return the lane with only one round."""
    return _rounds(lane, lambda rounds: rounds == number)


def without_rounds(lane: Lane, numbers: Collection[int]) -> Lane:
    """Return the lane without these rounds."""
    return _rounds(lane, lambda rounds: ~np.isin(rounds, list(numbers))) if numbers else lane


def newest_round(lanes: Sequence[Lane]) -> int:
    """Return the number of the last round with any samples; 1 if there is none."""
    return max((int(lane.samples["round"].max(initial=1)) for lane in lanes), default=1)


def _rounds(lane: Lane, which: Callable[[Integers], npt.NDArray[np.bool_]]) -> Lane:
    parts = {part: getattr(lane, part) for part in PARTS}
    return Lane(
        **{part: _kept(columns, which(columns["round"])) for part, columns in parts.items()}
    )


def _kept(columns: Columns, which: npt.NDArray[np.bool_]) -> Columns:
    return {name: column[which] for name, column in columns.items()}
