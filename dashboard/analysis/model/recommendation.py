"""What a view needs, in one word with its reason: decided by what was measured, never predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.analysis.text.numbers import milliseconds, seconds_of
from dashboard.wire.experiments.survey import Alternative, Word
from dashboard.wire.plural import counted
from dashboard.wire.units import MS_PER_S

from .ranking import COST_ORDER
from .view_model import Configuration, Limit, Work

CLOSE = 1.1  # times the fastest total time; among such alternatives the cheapest change is best


@dataclass(frozen=True)
class Today:
    """A view as it is served: what it needs, by what it is served, and what limits it there."""

    work: Work
    configuration: Configuration
    limit: Limit
    concurrency: int


@dataclass(frozen=True)
class Recommendation:
    """The word with its reason, and the lane that it recommends; None for *leave it*."""

    word: Word
    reason: str
    best: Alternative | None = None


def recommend(today: Today, alternatives: Sequence[Alternative]) -> Recommendation | None:
    """Return the word on a view; None if no alternative was compared with today's lane.

    An alternative counts as faster if the whole interval of its ratio is below 1 and outside the
    margin of the run. Of those that are nearly as fast as the fastest, the cheapest change is best.
    """
    compared = [each for each in alternatives if each.ratio is not None and each.interval]
    if not compared:
        return None
    faster = [each for each in compared if each.answer == "differs" and _below_one(each)]
    if not faster:
        return Recommendation("leave it", _why_not(today, compared))
    fastest = min(each.ratio or 1.0 for each in faster)
    close = [each for each in faster if (each.ratio or 1.0) <= CLOSE * fastest]
    best = min(close, key=lambda each: (COST_ORDER[each.change], each.memory_mb or 0.0))
    return Recommendation(best.change, _why(today, best), best)


def _below_one(alternative: Alternative) -> bool:
    return alternative.interval is not None and alternative.interval[1] < 1


def _why(today: Today, best: Alternative) -> str:
    """Return why the best alternative is faster, as half a sentence."""
    if best.change == "processes":
        processes = counted(today.configuration.processes, "process", "processes")
        return f"{processes} cannot compute more than {_cpu(today)} per request allows"
    work = today.work
    waits = f"a request waits {seconds_of(work.wait_s)} of {seconds_of(work.wall_s)}"
    if best.change == "async":
        loop = f"{waits}, which an event loop does for all of them at once"
        return f"{loop}; measured by its stand-in" if best.stand_in else loop
    threads = today.configuration.in_application(today.concurrency)
    if threads < today.concurrency:
        return f"{waits} and holds one of {counted(threads, 'thread')} for {today.concurrency}"
    return waits


def _why_not(today: Today, compared: Sequence[Alternative]) -> str:
    """Return why no alternative is faster, as half a sentence."""
    if any(each.answer not in {"no-difference", "differs"} for each in compared):
        return "no alternative was shown to be faster"  # a limit would explain what is undecided
    if today.limit == "cpu":
        cores = counted(today.configuration.computing, "core")
        return f"{_cpu(today)} per request is what {cores} can do, with more threads too"
    if today.limit == "contention":
        return "requests wait for each other, whatever serves them"
    return "no alternative was faster"


def _cpu(today: Today) -> str:
    return f"{milliseconds(MS_PER_S * today.work.cpu_s)} of CPU"
