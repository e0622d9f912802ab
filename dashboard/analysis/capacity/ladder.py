"""Configurations in the order of their price, and which of them to try next.

A rung that is predicted to hold no more than a cheaper one is left out, so that each one costs more
and holds more than the last. The search begins at the first that is predicted to hold the rate and
goes down while rungs hold it, up while they do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dashboard.analysis.model.view_model import Configuration, Work

from .predicted import predicted_capacity_rps

MOST_TRIED = 5
THREAD_PRICE = 1 / 64  # of a process: a pool of 64 threads takes about the memory of one more
LEAST_GAIN = 1.02  # of the predicted rate, else a rung is not worth its price


@dataclass(frozen=True)
class Rung:
    """A lane, how it is served, and the rate that it is predicted to hold."""

    lane: str
    configuration: Configuration
    predicted_rps: float


def price(configuration: Configuration) -> float:
    """Return the price in processes, with the memory of their threads."""
    return configuration.processes * (1 + (configuration.threads or 0) * THREAD_PRICE)


def rungs(
    work: Work, configurations: Mapping[str, Configuration], p95_s: float
) -> tuple[Rung, ...]:
    """Return the ladder: cheaper first, each predicted to hold more than all before it."""
    by_price = sorted(configurations.items(), key=lambda item: (price(item[1]), item[0]))
    ladder: list[Rung] = []
    most_rps = 0.0
    for lane, configuration in by_price:
        predicted_rps = predicted_capacity_rps(work, configuration, p95_s)
        if predicted_rps > LEAST_GAIN * most_rps or not ladder:
            ladder.append(Rung(lane, configuration, predicted_rps))
            most_rps = max(most_rps, predicted_rps)
    return tuple(ladder)


def first_rung(ladder: Sequence[Rung], rate_rps: float) -> int:
    """Return the position of the first rung that is predicted to hold a rate, else of the last."""
    positions = (at for at, rung in enumerate(ladder) if rung.predicted_rps >= rate_rps)
    return next(positions, len(ladder) - 1)


def next_rung(ladder: Sequence[Rung], held: Mapping[str, bool], rate_rps: float) -> Rung | None:
    """Return the rung to try next at the rate, given those tried; None once the least is known.

    What is undecided counts as not held.
    """
    if not ladder or len(held) >= MOST_TRIED:
        return None
    tried = {at: held[rung.lane] for at, rung in enumerate(ladder) if rung.lane in held}
    if not tried:
        return ladder[first_rung(ladder, rate_rps)]
    holding = [at for at, holds in tried.items() if holds]
    following = min(holding) - 1 if holding else max(tried) + 1
    if following in tried or not 0 <= following < len(ladder):
        return None
    return ladder[following]


def least_rung(ladder: Sequence[Rung], held: Mapping[str, bool]) -> Rung | None:
    """Return the cheapest rung that held the rate; None if none did."""
    return next((rung for rung in ladder if held.get(rung.lane)), None)
