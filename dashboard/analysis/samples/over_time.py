"""One firing over time, at round instants."""

from __future__ import annotations

from itertools import pairwise
from math import floor, log10

import numpy as np
from numpy.typing import NDArray

from dashboard.wire.frame import UNKNOWN
from dashboard.wire.units import MS_PER_S, NS_PER_MS

from . import server_side
from .cut_off import with_cut_off
from .lane_samples import Columns, Floats, Integers, Lane
from .percentiles import percentiles_ms

Booleans = NDArray[np.bool_]
MOST_INSTANTS = 100
HOLDS_MS = 250.0  # how long a report of the target's health is valid: five of its periods
STEPS = (1, 2, 5, 10)


def step_ms(length_ms: float, most: int = MOST_INSTANTS) -> float:
    """Return 1, 2 or 5 times a power of ten, so that at most `most` steps cover the length."""
    wanted = max(length_ms / most, 1e-3)
    power: float = 10.0 ** floor(log10(wanted))
    return next(step * power for step in STEPS if step * power >= wanted * (1 - 1e-9))


def instants_ms(from_ms: float, to_ms: float, most: int = MOST_INSTANTS) -> Floats:
    """Return multiples of one step that cover a stretch from its start to its end."""
    step = step_ms(max(to_ms - from_ms, 1e-3), most)
    return step * np.arange(floor(from_ms / step), np.ceil(to_ms / step - 1e-9) + 1)


def in_flight(lane: Lane, at_ms: Floats) -> Floats:
    """Return how many requests were due and not done at each instant."""
    samples = with_cut_off(lane)
    started, ended = (_counted(samples[name], at_ms) for name in ("due", "done"))
    return started - ended


def done_by(lane: Lane, at_ms: Floats) -> Floats:
    """Return how many requests were done by each instant."""
    return _counted(lane.samples["done"], at_ms)


def done_per_s(lane: Lane, at_ms: Floats) -> Floats:
    """Return the requests per second done since the instant before; NaN for the first."""
    done = np.diff(_counted(lane.samples["done"], at_ms)) * MS_PER_S / np.diff(at_ms)
    return np.concatenate([[np.nan], done])


def median_ms(lane: Lane, at_ms: Floats) -> Floats:
    """Return the median response time of the requests that succeeded since the instant before."""
    done = lane.samples["done"][lane.ok]
    order = np.argsort(done, kind="stable")
    lengths_ms = (done - lane.samples["due"][lane.ok])[order] / NS_PER_MS
    ends = np.searchsorted(done[order], at_ms * NS_PER_MS, side="right")
    parts = (np.sort(lengths_ms[first:end]) for first, end in pairwise(ends))
    return np.array([np.nan, *(percentiles_ms(part, [50])[0] for part in parts)])


def _counted(stamps_ns: Integers, at_ms: Floats) -> Floats:
    counts: Floats = np.searchsorted(np.sort(stamps_ns), at_ms * NS_PER_MS, side="right").astype(
        float
    )
    return counts


def load(lane: Lane, measure: str, at_ms: Floats) -> Floats:
    """Return what the target's processes last reported before each instant; NaN if unknown.

    That is the sum over the processes; for `loop_lag` the largest, in ms; for `cpu` the share of
    one core since the report before, in percent. It is also NaN if the report of any running
    process is missing, since a sum without it would be too small.
    """
    total, running = np.zeros(at_ms.shape), np.zeros(at_ms.shape, bool)
    together = np.maximum if measure == "loop_lag" else np.add
    for process in np.unique(lane.health["process"]):
        of_it = lane.health["process"] == process
        reported = of_it & (lane.health[measure] != UNKNOWN)
        if measure not in server_side.OF_ANY_PROCESS:
            of_it = reported  # a process without the probe does not have this measure
        if not of_it.any():
            continue
        lives = _lives(lane.health, of_it, at_ms)
        held = _held(*_reported(lane.health, reported, measure), at_ms)
        total = together(total, np.where(lives, held, 0.0))
        running |= lives
    return np.where(running, total, np.nan)


def _lives(health: Columns, of_it: Booleans, at_ms: Floats) -> Booleans:
    """Return whether a process was running at each instant: from its first row until it ended."""
    ended = of_it & (health["rss"] == 0)
    since_ms = health["at"][of_it].min() / NS_PER_MS
    until_ms = health["at"][ended].min() / NS_PER_MS if ended.any() else np.inf
    lives: Booleans = (at_ms >= since_ms) & (at_ms < until_ms)
    return lives


def _reported(health: Columns, reported: Booleans, measure: str) -> tuple[Floats, Floats]:
    """Return when a process reported, in ms, and the values in the unit of the measure."""
    order = np.argsort(health["at"][reported], kind="stable")
    reported_ms = health["at"][reported][order] / NS_PER_MS
    values = health[measure][reported][order].astype(float)
    if measure == "loop_lag":
        return reported_ms, values / NS_PER_MS
    if measure != "cpu":
        return reported_ms, values
    grown, passed_ms = np.diff(values) / NS_PER_MS, np.diff(reported_ms)
    apart = passed_ms > 0
    return reported_ms[1:][apart], 100 * grown[apart] / passed_ms[apart]


def _held(reported_ms: Floats, values: Floats, at_ms: Floats) -> Floats:
    """Return the value of the last report at each instant, while it is valid."""
    held = np.full(at_ms.shape, np.nan)
    last = np.searchsorted(reported_ms, at_ms, side="right") - 1
    valid = last >= 0
    valid[valid] = at_ms[valid] < reported_ms[last[valid]] + HOLDS_MS
    held[valid] = values[last[valid]]
    return held
