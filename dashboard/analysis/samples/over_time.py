"""What one firing was like over time, at instants that a person would choose."""

from __future__ import annotations

from itertools import pairwise
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from dashboard.analysis.inference.deciles import percentiles_ms
from dashboard.analysis.inference.intervals import Floats
from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import NS_PER_MS

from . import stats
from .cut_off import with_cut_off
from .lane_samples import Columns, Integers, Lane

Booleans = NDArray[np.bool_]
MOST_INSTANTS = 100
HOLDS_MS = 250.0  # a report of the target's health holds for five of its periods, no longer
STEPS = (1, 2, 5, 10)


def step_ms(length_ms: float, most: int = MOST_INSTANTS) -> float:
    """1, 2 or 5 times a power of ten, so that at most so many steps cover the length."""
    wanted = max(length_ms / most, 1e-3)
    power: float = 10.0 ** floor(log10(wanted))
    return next(step * power for step in STEPS if step * power >= wanted * (1 - 1e-9))


def instants_ms(from_ms: float, to_ms: float, most: int = MOST_INSTANTS) -> Floats:
    """Multiples of one step, from the last before a stretch's start to the first at its end."""
    step = step_ms(max(to_ms - from_ms, 1e-3), most)
    return step * np.arange(floor(from_ms / step), np.ceil(to_ms / step - 1e-9) + 1)


def in_flight(lane: Lane, at_ms: Floats) -> Floats:
    """How many requests were due and not done at each instant."""
    samples = with_cut_off(lane)
    started, ended = (_counted(samples[name], at_ms) for name in ("due", "done"))
    return started - ended


def done_per_s(lane: Lane, at_ms: Floats) -> Floats:
    """How many were done since the instant before, a second; the first is not known."""
    done = np.diff(_counted(lane.samples["done"], at_ms)) * 1000 / np.diff(at_ms)
    return np.concatenate([[np.nan], done])


def median_ms(lane: Lane, at_ms: Floats) -> Floats:
    """The median response time of those that succeeded since the instant before."""
    done = lane.samples["done"][lane.ok]
    order = np.argsort(done, kind="stable")
    lengths_ms = (done - lane.samples["due"][lane.ok])[order] / NS_PER_MS
    ends = np.searchsorted(done[order], at_ms * NS_PER_MS, side="right")
    parts = (np.sort(lengths_ms[first:end]) for first, end in pairwise(ends))
    return np.array([np.nan, *(percentiles_ms(part, [50])[0] for part in parts)])


def _counted(stamps_ns: Integers, at_ms: Floats) -> Floats:
    found: Floats = np.searchsorted(np.sort(stamps_ns), at_ms * NS_PER_MS, side="right").astype(
        float
    )
    return found


def load(lane: Lane, measure: str, at_ms: Floats) -> Floats:
    """What the target's processes reported last before each instant; NaN: nobody knows.

    The sum over the processes; of `loop_lag` the worst, in ms; of `cpu` the share of one core
    since the report before, in percent. NaN too where any of them that was there was not heard
    of: a sum without it would be less than there was.
    """
    found, there = np.zeros(at_ms.shape), np.zeros(at_ms.shape, bool)
    together = np.maximum if measure == "loop_lag" else np.add
    for process in np.unique(lane.health["process"]):
        of_it = lane.health["process"] == process
        known = of_it & (lane.health[measure] != UNKNOWN)
        if measure not in stats.OF_ANY_PROCESS:
            of_it = known  # without a probe a process has no such measure
        if not of_it.any():
            continue
        lives = _lives(lane.health, of_it, at_ms)
        held = _held(*_reported(lane.health, known, measure), at_ms)
        found = together(found, np.where(lives, held, 0.0))
        there |= lives
    return np.where(there, found, np.nan)


def _lives(health: Columns, of_it: Booleans, at_ms: Floats) -> Booleans:
    """Whether a process was there at each instant: from its first row on until it ended."""
    ended = of_it & (health["rss"] == 0)
    since_ms = health["at"][of_it].min() / NS_PER_MS
    until_ms = health["at"][ended].min() / NS_PER_MS if ended.any() else np.inf
    lives: Booleans = (at_ms >= since_ms) & (at_ms < until_ms)
    return lives


def _reported(health: Columns, known: Booleans, measure: str) -> tuple[Floats, Floats]:
    """When a process reported, in ms, and what, in the measure's unit."""
    order = np.argsort(health["at"][known], kind="stable")
    reported_ms = health["at"][known][order] / NS_PER_MS
    values = health[measure][known][order].astype(float)
    if measure == "loop_lag":
        return reported_ms, values / NS_PER_MS
    if measure != "cpu":
        return reported_ms, values
    grown, passed_ms = np.diff(values) / NS_PER_MS, np.diff(reported_ms)
    apart = passed_ms > 0
    return reported_ms[1:][apart], 100 * grown[apart] / passed_ms[apart]


def _held(reported_ms: Floats, values: Floats, at_ms: Floats) -> Floats:
    """The value of the last report at each instant, as long as it holds."""
    held = np.full(at_ms.shape, np.nan)
    last = np.searchsorted(reported_ms, at_ms, side="right") - 1
    known = last >= 0
    known[known] = at_ms[known] < reported_ms[last[known]] + HOLDS_MS
    held[known] = values[last[known]]
    return held
