"""Which rate to try next, and the interval in which the capacity lies.

A rate *holds* if every round held the limits, *fails* if no round did; between the two rounds
differ, and the capacity is not decided there. The first rate is doubled or halved until one holds
and one does not, and then the gap between them is halved on a logarithmic scale until its ends
differ by no more than the tolerance. What does not hold is taken for a failure meanwhile; at the
end rates above an undecided one are tried until one fails. Pure functions: what was tried so far
decides, so that an answer is computed again from stored runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from dashboard.analysis.text.numbers import significant

TOLERANCE = 0.05  # between the rate that holds and the one that fails
MOST_RATES = 14  # for one configuration
STEP = 2.0  # until a rate holds and one does not
DIGITS = 3  # of a rate, so that an interval's text has the very rates that were fired


@dataclass(frozen=True)
class Tried:
    """A rate that was fired; `held` is None if some rounds held and others did not."""

    rate_rps: float
    held: bool | None


@dataclass(frozen=True)
class Interval:
    """The capacity: at least `low_rps`, and below `high_rps`.

    None: no rate held, or none failed.
    """

    low_rps: float | None
    high_rps: float | None


def capacity_interval(tried: Sequence[Tried]) -> Interval:
    """Return the interval of the capacity from all rates that were tried.

    Below `low_rps` nothing failed and above `high_rps` nothing held, so a machine that was slow for
    a moment makes the interval wider and not wrong.
    """
    doubted = min((each.rate_rps for each in tried if each.held is not True), default=None)
    held = [each.rate_rps for each in tried if each.held is True]
    low = max((rate for rate in held if doubted is None or rate < doubted), default=None)
    hopeful = max((each.rate_rps for each in tried if each.held is not False), default=None)
    failed = [each.rate_rps for each in tried if each.held is False]
    high = min((rate for rate in failed if hopeful is None or rate > hopeful), default=None)
    return Interval(low, high)


def next_rate(
    tried: Sequence[Tried],
    first_rps: float,
    *,
    least_rps: float,
    most_rps: float,
    tolerance: float = TOLERANCE,
) -> float | None:
    """Return the rate to try next; None if the interval is as narrow as it gets.

    No rate is outside of `least_rps` to `most_rps`, and none is tried twice. Rates after
    the first have three digits, which moves them by half of a percent at most.
    """
    if len(tried) >= MOST_RATES:
        return None
    if not tried:
        return first_rps
    rate = _candidate(tried, tolerance)
    if rate is None:
        return None
    rate = min(max(float(significant(rate, DIGITS)), least_rps), most_rps)
    return None if any(_same(rate, each.rate_rps) for each in tried) else rate


def _candidate(tried: Sequence[Tried], tolerance: float) -> float | None:
    doubted = min((each.rate_rps for each in tried if each.held is not True), default=None)
    if doubted is None:
        return STEP * max(each.rate_rps for each in tried)
    low = capacity_interval(tried).low_rps
    if low is None:
        return doubted / STEP
    if not _close(low, doubted, tolerance):
        return sqrt(low * doubted)
    return _above_doubts(tried, tolerance)


def _above_doubts(tried: Sequence[Tried], tolerance: float) -> float | None:
    """Return a rate above all that held in some round; None if the lowest failure is close to them.

    Where a failure is known, the gap is halved, else the rate is raised by twice the tolerance.
    """
    hopeful = max(each.rate_rps for each in tried if each.held is not False)
    high = capacity_interval(tried).high_rps
    if high is None:
        return hopeful * (1 + 2 * tolerance)
    if _close(hopeful, high, 2 * tolerance):
        return None
    return sqrt(hopeful * high)


def _close(low: float, high: float, tolerance: float) -> bool:
    """Return True if two rates differ by the tolerance or less, to the last digits."""
    return high <= low * (1 + tolerance) * (1 + 1e-9)


def _same(rate: float, other: float) -> bool:
    return abs(rate - other) <= 1e-9 * max(rate, other)
