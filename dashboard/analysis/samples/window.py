"""A part of what a lane did: one round of it, or a stretch of time in each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from dashboard.wire.units import NS_PER_MS

from .lane_samples import PARTS, Columns, Integers, Lane


@dataclass(frozen=True)
class Stretch:
    """From one instant to before another, in milliseconds since each round's start."""

    from_ms: float
    to_ms: float


def within(lane: Lane, stretch: Stretch) -> Lane:
    """The lane with no samples but those that were done in the stretch."""
    return replace(
        lane, samples=_done_in(lane.samples, stretch), cut_off=_done_in(lane.cut_off, stretch)
    )


def _done_in(samples: Columns, stretch: Stretch) -> Columns:
    done_ms = samples["done"] / NS_PER_MS
    return _kept(samples, (done_ms >= stretch.from_ms) & (done_ms < stretch.to_ms))


def of_round(lane: Lane, number: int) -> Lane:
    """The lane with nothing but one round."""
    return _rounds(lane, lambda rounds: rounds == number)


def without_rounds(lane: Lane, numbers: Collection[int]) -> Lane:
    """The lane without these rounds."""
    return _rounds(lane, lambda rounds: ~np.isin(rounds, list(numbers))) if numbers else lane


def newest_round(lanes: Sequence[Lane]) -> int:
    """The number of the last round of which anything is known; 1 where nothing is."""
    return max((int(lane.samples["round"].max(initial=1)) for lane in lanes), default=1)


def _rounds(lane: Lane, which: Callable[[Integers], npt.NDArray[np.bool_]]) -> Lane:
    parts = {part: getattr(lane, part) for part in PARTS}
    return Lane(**{part: _kept(one, which(one["round"])) for part, one in parts.items()})


def _kept(columns: Columns, which: npt.NDArray[np.bool_]) -> Columns:
    return {name: column[which] for name, column in columns.items()}
